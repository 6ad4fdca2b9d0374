// The fast stack, written by the documentation of its libraries: Mercurius on Fastify, which compiles operations at
// their first use (`jit: 1`), and a prepared statement of pg. It checks no token.
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { mercurius } from 'mercurius';
import { openPeerOrders, ready, typeDefs } from './peer-orders.ts';

const order = openPeerOrders();
const resolvers = { Query: { order: (_root: unknown, { id }: { id: string }) => order(id) } };
const app = fastify();
await app.register(mercurius, { schema: typeDefs, resolvers, jit: 1 });
await app.listen({ port: 0, host: '127.0.0.1' });
ready((app.server.address() as AddressInfo).port);
