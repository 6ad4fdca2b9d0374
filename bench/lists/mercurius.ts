// The fast stack, written by the documentation of its libraries: Mercurius on Fastify, which compiles operations at
// their first use (`jit: 1`), its loaders for nested fields, and prepared statements of pg. It checks no token.
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { mercurius } from 'mercurius';
import { ready } from '../queries/peer-orders.ts';
import { openPeerLists, rootResolvers, typeDefs } from './peer-lists.ts';

const lists = openPeerLists();
const loaders = {
  Customer: {
    orders: {
      loader: (queries: readonly { readonly obj: { readonly id: string } }[]) =>
        lists.ofCustomers(queries.map(({ obj }) => obj.id)),
      opts: { cache: false },
    },
  },
};
const app = fastify();
await app.register(mercurius, { schema: typeDefs, resolvers: { Query: rootResolvers(lists) }, loaders, jit: 1 });
await app.listen({ port: 0, host: '127.0.0.1' });
ready((app.server.address() as AddressInfo).port);
