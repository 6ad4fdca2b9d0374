// What one would write instead, and the bare limit: yoga, graphql-ws and createPubSub as their documentation has it at
// /graphql; at /raw plain `ws`, one prepared buffer to every socket. POST /graphql/push or /raw/push sends one update.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** What yoga makes of an operation, as far as graphql-ws is told of it. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (query: string) => DocumentNode;
  readonly contextFactory: () => Promise<unknown>;
}

interface Update {
  readonly orderUpdated: object;
}

const pubSub = createPubSub<Record<string, [Update]>>();
let version = 1;

function update(id: string): object {
  const lines = Array.from({ length: 5 }, (_, index) => ({
    id: String(index),
    productName: `Tea ${index}`,
    quantity: 1,
    subtotal: 20,
  }));
  return { id, status: 'DRAFT', total: 100, version: ++version, lines };
}

const typeDefs = `
  type Line { id: ID! productName: String! quantity: Int! subtotal: Int! }
  type Order { id: ID! status: String! total: Int! version: Int! lines: [Line!]! }
  type Query { ready: Boolean }
  type Subscription { orderUpdated(id: ID!): Order! }`;
const resolvers = {
  Subscription: {
    orderUpdated: { subscribe: (_root: unknown, { id }: { id: string }) => pubSub.subscribe(id) },
  },
};
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });

const server = createServer((request, response) => {
  const [, side = '', action = '', id = ''] = (request.url ?? '').split('/');
  request.resume();
  if (action === 'usage') {
    const { user, system } = process.cpuUsage();
    response.end(JSON.stringify({ cpu: (user + system) / 1e6, memory: process.memoryUsage.rss() }));
    return;
  }
  if (side === 'raw') {
    const frame = Buffer.from(
      JSON.stringify({ id: '1', type: 'next', payload: { data: { orderUpdated: update(id) } } }),
    );
    for (const socket of raw.clients) socket.send(frame, { binary: false });
  } else pubSub.publish(id, { orderUpdated: update(id) });
  response.end('{}');
});

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
