// The bare limit: node:http and a prepared statement. It parses no GraphQL, checks no token, and supports one query
// only.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPeerOrders, ready } from './peer-orders.ts';

const order = openPeerOrders();

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    const { variables } = JSON.parse(body) as { variables: { id: string } };
    void order(variables.id).then(found => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: { order: found } }));
    });
  });
});
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
