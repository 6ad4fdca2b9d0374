import type { Config } from '../config.ts';
import { developmentToken } from './development-token.ts';
import { sampleCustomerId } from './sample-data.ts';
import type { Style } from './terminal-style.ts';

/** The default URL of the commands below. */
const defaultUrl = 'http://127.0.0.1:4000';

/**
 * The text that a start with the development key prints after its first line: commands to try, tokens, and at the end the
 * address of the console.
 * @param url of the server's root
 * @returns undefined if a key is configured: then this server issues no tokens
 */
export async function welcome(
  { auth, console: hasConsole, graphiql, trustedDocuments }: Config,
  url: string,
  style: Style,
): Promise<string | undefined> {
  const staff = await developmentToken(auth, { role: 'staff', subject: 'staff' });
  const customer = await developmentToken(auth, { role: 'customer', subject: sampleCustomerId });
  const operator = await developmentToken(auth, { role: 'operator', subject: 'operator' });
  if (staff === undefined || customer === undefined || operator === undefined) return undefined;
  const option = url === defaultUrl ? '' : ` -- --url ${url}`;
  const commands = [
    ['npm run watch', 'prints each change of each order'],
    ['npm run order', 'places an order, in another terminal'],
    ['npm run simulate', 'has customers and staff trade until Ctrl-C'],
  ] as const;
  const rows = [
    ...(graphiql ? [['GraphiQL', `${url}/graphql`] as const] : []),
    // With trusted documents only, the operations of these commands would be rejected.
    ...(trustedDocuments.only
      ? []
      : commands.map(([command, description]) => [`${command}${option}`, description] as const)),
  ];
  const width = Math.max(...rows.map(([command]) => command.length));
  return [
    '',
    ...rows.map(([command, description]) => `  ${style('cyan', command.padEnd(width))}  ${description}`),
    ...(rows.length > 0 ? [''] : []),
    style('bold', 'Development tokens (valid for 30 days, rejected once a key is configured):'),
    `  ${style('cyan', 'staff   ')} ${style('dim', staff)}`,
    `  ${style('cyan', 'customer')} ${style('dim', customer)}`,
    `  ${style('cyan', 'operator')} ${style('dim', operator)}`,
    '',
    // The last line, so that it is what one sees.
    ...(hasConsole ? [`${style('bold', 'Open the console:')} ${style('cyan', `${url}/`)}`] : []),
  ].join('\n');
}
