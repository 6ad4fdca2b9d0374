// The bare parts of a pushed change. POST stores an event and answers; then come an empty transaction, an upsert of
// the row, and one write to each socket. No GraphQL, no token, no log: only what cannot be left out.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
await client.connect();
await client.query(`
  CREATE TABLE bare_events (position bigint PRIMARY KEY, data jsonb NOT NULL);
  CREATE TABLE bare_rows (order_id text PRIMARY KEY, version int NOT NULL, data jsonb NOT NULL)`);

const insertEvent = { name: 'event', text: 'INSERT INTO bare_events VALUES ($1, $2)' };
const upsertRow = {
  name: 'row',
  text: `INSERT INTO bare_rows VALUES ($1, $2, $3)
    ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, data = excluded.data`,
};

let version = 0;
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

async function push(orderId: string, reached: number, row: object): Promise<void> {
  await client.query('BEGIN');
  await client.query('COMMIT');
  await client.query({ ...upsertRow, values: [orderId, reached, row] });
  const frame = JSON.stringify({ id: '1', type: 'next', payload: { data: { order: { version: reached, ...row } } } });
  for (const socket of sockets.clients) socket.send(frame);
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => (body += text));
  request.on('end', () => void answer());

  async function answer(): Promise<void> {
    const { orderId, quantity } = JSON.parse(body) as { orderId: string; quantity: number };
    const reached = ++version;
    await client.query({ ...insertEvent, values: [reached, { orderId, quantity }] });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { version: reached } }));
    await push(orderId, reached, { status: 'DRAFT', total: 1250 * quantity, lines: [{ id: 'line', quantity }] });
  }
});
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, opened => sockets.emit('connection', opened, request));
});
server.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`));
