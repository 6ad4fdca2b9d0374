import type { Config } from './config.ts';
import { developmentToken } from './graphql/development-token.ts';
import { sampleCustomerId, sampleProductId } from './seed.ts';

/**
 * What a start in development says beside where it serves: tokens, and lines to paste into a shell. Undefined where a
 * key is configured: tokens are somebody else's then.
 */
export async function welcome(
  { auth, databaseUrl, graphiql, trustedDocuments }: Config,
  url: string,
): Promise<string | undefined> {
  const staff = await developmentToken(auth, { role: 'staff', subject: 'staff' });
  const customer = await developmentToken(auth, { role: 'customer', subject: sampleCustomerId });
  if (staff === undefined || customer === undefined) return undefined;
  const tokens = `
${graphiql ? `GraphiQL: ${url}/graphql\n` : ''}Tokens for 30 days, which only a development key takes:
  staff    ${staff}
  customer ${customer}
`;
  // Only the embedded database is sure to have what is ordered here.
  if (databaseUrl !== undefined || trustedDocuments.only) return tokens;
  return `${tokens}
Watch the customer's orders, from this folder:
${watchLine(url, customer)}

Then order something, in another terminal:
${orderLine(url, customer)}
`;
}

// In single quotes, so that no shell looks into them: neither line may have one inside.

function watchLine(url: string, token: string): string {
  const subscription = `subscription { customerOrdersUpdated(customerId: "${sampleCustomerId}") { kind order { number status total { amount currency } } } }`;
  const program = [
    `import { createClient } from "graphql-ws"; import { WebSocket } from "ws";`,
    `const client = createClient({ url: "${url.replace(/^http/, 'ws')}/graphql", webSocketImpl: WebSocket, connectionParams: { Authorization: "Bearer ${token}" } });`,
    `for await (const frame of client.iterate({ query: \`${subscription}\` })) console.log(JSON.stringify(frame));`,
  ];
  return `node --input-type=module -e '${program.join(' ')}'`;
}

function orderLine(url: string, token: string): string {
  const query = `mutation { createOrder(input: { items: [{ productId: "${sampleProductId}", quantity: 2 }] }) { ... on OrderCommandPayload { order { number status total { amount currency } } } ... on CommandError { message } } }`;
  return `curl ${url}/graphql -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '${JSON.stringify({ query })}'`;
}
