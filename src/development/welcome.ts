import type { Config } from '../config.ts';
import { developmentToken } from './development-token.ts';
import { sampleCustomerId } from './sample-data.ts';
import type { Style } from './terminal-style.ts';

/** Where the commands look for the server if nothing else is said. */
const usualUrl = 'http://127.0.0.1:4000';

/**
 * What a start with the development key prints below its first line: what to try, and tokens.
 * @param url of the server's root
 * @returns undefined if a key is configured: then this server gives away no token
 */
export async function welcome(
  { auth, graphiql, trustedDocuments }: Config,
  url: string,
  style: Style,
): Promise<string | undefined> {
  const staff = await developmentToken(auth, { role: 'staff', subject: 'staff' });
  const customer = await developmentToken(auth, { role: 'customer', subject: sampleCustomerId });
  if (staff === undefined || customer === undefined) return undefined;
  const option = url === usualUrl ? '' : ` -- --url ${url}`;
  const commands = [
    ['npm run watch', 'prints each change of each order'],
    ['npm run order', 'places an order, in another terminal'],
    ['npm run simulate', 'has customers and staff trade until Ctrl-C'],
  ] as const;
  const rows = [
    ...(graphiql ? [['GraphiQL', `${url}/graphql`] as const] : []),
    // Their documents are in no manifest of a front end: they would be refused.
    ...(trustedDocuments.only ? [] : commands.map(([command, does]) => [`${command}${option}`, does] as const)),
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  return [
    '',
    ...rows.map(([what, does]) => `  ${style('cyan', what.padEnd(width))}  ${does}`),
    ...(rows.length > 0 ? [''] : []),
    style('bold', 'Development tokens (valid for 30 days, rejected once a key is configured):'),
    `  ${style('cyan', 'staff   ')} ${style('dim', staff)}`,
    `  ${style('cyan', 'customer')} ${style('dim', customer)}`,
    '',
  ].join('\n');
}
