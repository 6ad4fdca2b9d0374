// The usual stack, written by the documentation of its libraries: graphql-yoga on node:http, and prepared statements
// of pg, for nested fields one per customer. It checks no token.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { ready } from '../queries/peer-orders.ts';
import { openPeerLists, rootResolvers, typeDefs } from './peer-lists.ts';

const lists = openPeerLists();
const resolvers = {
  Query: rootResolvers(lists),
  Customer: { orders: ({ id }: { id: string }) => lists.byCustomer(id) },
};
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
const server = createServer((request, response) => void yoga(request, response));
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
