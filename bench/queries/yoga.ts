// The usual stack, written by the documentation of its libraries: graphql-yoga on node:http, and a prepared statement
// of pg. It checks no token.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { openPeerOrders, ready, typeDefs } from './peer-orders.ts';

const order = openPeerOrders();
const resolvers = { Query: { order: (_root: unknown, { id }: { id: string }) => order(id) } };
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
const server = createServer((request, response) => void yoga(request, response));
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
