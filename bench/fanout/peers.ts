// The usual stack and the bare limit. /graphql: yoga, graphql-ws and createPubSub by their documentation. /raw: plain
// `ws`, one prepared buffer for every socket. POST /graphql/push or /raw/push sends one update of the order in its
// body and answers the version of that update.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** What yoga prepares of an operation, in the shape that graphql-ws needs. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (query: string) => DocumentNode;
  readonly contextFactory: () => Promise<unknown>;
}

interface Update {
  readonly orderUpdated: object;
}

const pubSub = createPubSub<Record<string, [Update]>>();
const sender = randomUUID();
let version = 1;

/** An update with the same fields as ours. */
function update(id: string): object {
  version++;
  const money = (minorUnits: number): object => ({ minorUnits });
  const lines = Array.from({ length: 5 }, (_, index) => ({
    id: `lin_00000000-0000-4000-8000-00000000000${index}`,
    productName: `Tea ${index}`,
    quantity: 1,
    subtotal: money(1_250),
  }));
  const position = `${String(version).padStart(13, '0')}-abcdefabcdef`;
  return { kind: 'UPDATE', position, order: { id, status: 'DRAFT', version, total: money(6_250), lines } };
}

const typeDefs = `
  type Money { minorUnits: Int! }
  type Line { id: ID! productName: String! quantity: Int! subtotal: Money! }
  type Order { id: ID! status: String! version: Int! total: Money! lines: [Line!]! }
  type OrderUpdate { kind: String! position: String! order: Order! }
  type Query { ready: Boolean }
  type Subscription { orderUpdated(id: ID!): OrderUpdate! }`;
const resolvers = {
  Subscription: {
    orderUpdated: { subscribe: (_root: unknown, { id }: { id: string }) => pubSub.subscribe(id) },
  },
};
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });

const server = createServer((request, response) => {
  const [, side = '', action = ''] = (request.url ?? '').split('/');
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (action === 'usage') response.end(JSON.stringify(usage()));
    else {
      push(side, (JSON.parse(body) as { orderId: string }).orderId);
      response.end(JSON.stringify({ data: { version } }));
    }
  });
});

// With ten thousand sockets a change takes longer than the 5 s after which Node closes an idle connection.
server.keepAliveTimeout = 60_000;

function usage(): object {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6 };
}

function push(side: string, id: string): void {
  if (side !== 'raw') {
    pubSub.publish(id, { orderUpdated: update(id) });
    return;
  }
  const orderUpdated = update(id);
  const extensions = { position: String(version).padStart(26, '0'), kind: 'UPDATE', correlationId: sender };
  const message = { id: '1', type: 'next', payload: { data: { orderUpdated }, extensions } };
  const frame = Buffer.from(JSON.stringify(message));
  for (const socket of raw.clients) socket.send(frame, { binary: false });
}

const raw = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const stock = new WebSocketServer({ noServer: true });
useServer(
  {
    execute: (args: unknown) => (args as { rootValue: { execute: (given: unknown) => never } }).rootValue.execute(args),
    subscribe: (args: unknown) =>
      (args as { rootValue: { subscribe: (given: unknown) => never } }).rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const enveloped = yoga.getEnveloped({ ...context, params }) as Enveloped;
      return {
        schema: enveloped.schema,
        operationName: params.operationName,
        document: enveloped.parse(params.query),
        variableValues: params.variables,
        contextValue: await enveloped.contextFactory(),
        rootValue: enveloped,
      };
    },
  },
  stock,
);
server.on('upgrade', (request, socket, head) => {
  const side = request.url === '/raw' ? raw : stock;
  side.handleUpgrade(request, socket, head, opened => side.emit('connection', opened, request));
});
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`));
