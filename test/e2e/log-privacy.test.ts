import { expect, test } from 'vitest';
import { spawnApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { freshDatabase } from '../support/postgres.ts';
import { connectSocket, openSocket } from '../support/socket.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { customerToken, staffToken, testSecret } from '../support/tokens.ts';

const words = {
  name: 'Wilhelmina Wordsworth',
  email: 'wilhelmina@words.example',
  reference: 'for aunt Petronella',
  reason: 'Petronella said no',
  tracking: 'TRACK-PETRONELLA',
  password: 'hunter2-of-the-database',
};

test('at the most verbose level, through rejections, client errors and faults, the log contains no token, password, name or address', async () => {
  const database = await freshDatabase();
  const target = new URL(database.url);
  const proxy = await openTcpProxy({ host: target.hostname, port: Number(target.port || 5432) });
  const proxied = new URL(database.url);
  [proxied.hostname, proxied.port, proxied.password] = ['127.0.0.1', String(proxy.port), words.password];
  const app = await spawnApp({ DATABASE_URL: proxied.href, LOG_LEVEL: 'trace' });
  const id = 'cus_00000000-0000-4000-8000-00000000000a';
  const [token, staff] = [await customerToken(id), await staffToken()];
  const expired = await customerToken(id, { expires: 1 });
  const ask = (query: string, by = token) =>
    post<Record<string, Record<string, unknown>>>(app.url, query, {}, { token: by });
  const quoted = (text: string) => JSON.stringify(text);

  const register = `mutation { registerCustomer(input: { name: ${quoted(words.name)}, email: ${quoted(words.email)} }) {
    __typename ... on CommandError { message } } }`;
  await ask(register);
  await ask(register); // rejected
  await ask(register, expired);
  await ask(register.replace('name:', 'nome:')); // does not match the schema, and the error quotes the input
  await ask(register.replace('}', '}}}')); // does not parse
  await ask(
    `mutation { renameCustomer(input: { customerId: "${words.name}", name: ${quoted(`${words.name}\u0000`)} }) { __typename } }`,
  );
  const add = `mutation { addProduct(input: { sku: "S", name: "P", price: { amount: "1", currency: "EUR" } }) {
    ... on ProductCommandPayload { productId } } }`;
  const { data } = await ask(add, staff);
  const productId = String(data?.['addProduct']?.['productId']);
  const made = await ask(`mutation { createOrder(input: { items: [{ productId: "${productId}", quantity: 1 }],
    reference: ${quoted(words.reference)} }) { ... on OrderCommandPayload { orderId } } }`);
  const orderId = String(made.data?.['createOrder']?.['orderId']);
  const socket = await connectSocket(app.url, token);
  const updates = socket.subscribe(
    `subscription { orderUpdated(id: "${orderId}") { order { reference cancellationReason } } }`,
  );
  await updates.next();
  await ask(`{ customers(search: ${quoted(words.name)}) { nodes { name } } }`, staff);
  await ask(
    `{ orders(filter: { search: ${quoted(words.email)}, reference: ${quoted(words.reference)} }) { nodes { id } } }`,
    staff,
  );
  await ask(
    `mutation { shipOrder(input: { orderId: "${orderId}", carrier: "DHL", trackingNumber: ${quoted(words.tracking)} }) { __typename } }`,
    staff,
  );
  await ask(
    `mutation { cancelOrder(input: { orderId: "${orderId}", reason: ${quoted(words.reason)} }) { __typename } }`,
  );
  await fetch(
    `${app.url}/graphql?query=${encodeURIComponent(`{ customer(id: "${words.email}") { name } }`)}&token=${token}`,
  );
  await fetch(`${app.url}/${token}`);
  await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: token },
    body: register,
  });
  const stranger = await openSocket(app.url);
  stranger.send({ type: 'connection_init', payload: { Authorization: `Bearer ${expired}` } });
  await stranger.closed;
  await stranger.close();

  // And without the database: an append whose response is lost, and failing reads.
  proxy.meet(() => 'lose-answer');
  await Promise.all([ask(register, staff), ask(`{ customer(id: "${id}") { name email } }`)]);
  proxy.meet(() => 'pass');
  await eventually(async () => expect((await fetch(`${app.url}/readyz`)).status).toBe(200));
  await socket.close();
  expect(await app.stop()).toBe(0);
  await proxy.close();
  await database.drop();

  const printed = app.stdout() + app.stderr();
  expect(printed.split('\n').filter(line => line.includes('command settled')).length).toBeGreaterThan(5);
  const forbidden = [
    /eyJ[\w-]+\./,
    /Wilhelmina|Wordsworth/i,
    /words\.example/,
    /Petronella/i,
    /hunter2/,
    new RegExp(testSecret),
  ];
  for (const one of forbidden) expect(printed.split('\n').filter(line => one.test(line))).toEqual([]);
});
