// Adds an aggregate as docs/adding-an-aggregate.md says: the folder bank-account/, its table, and one entry in the
// list of slices. Nothing else in this file tells the program what an account is.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eraseNamedCustomer } from '../../src/cli/erase-customer.ts';
import { verify } from '../../src/cli/verify.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import type * as Slices from '../../src/slices.ts';
import { types, views } from '../../src/slices.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { servingRole } from '../support/serving-role.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { customerToken, staffToken } from '../support/tokens.ts';

vi.mock('../../src/slices.ts', async importOriginal => {
  const original = await importOriginal<typeof Slices>();
  const { accountSlice } = await import('./bank-account/slice.ts');
  const slices = [...original.slices, accountSlice];
  return { ...original, slices, ...original.assemble(slices) };
});

let database: TestDatabase;
let owner: OpenDatabase;
let serving: Awaited<ReturnType<typeof servingRole>>;
let app: TestApp;
let staff: string;
let holder: Shopper;
let accountId: string;

beforeAll(async () => {
  database = await freshDatabase();
  const migration = await readFile(new URL('bank-account/migration.sql', import.meta.url), 'utf8');
  await onDatabase(database.url, client => client.query(migration));
  owner = await openDatabase({ databaseUrl: database.url, dataDir: '' });
  serving = await servingRole(database.url);
  app = await startApp({ DATABASE_URL: serving.url });
  staff = await staffToken();
  holder = await registered(app.url, 'Ada Quux', 'ada@example.com');
  const input = { customerId: holder.id, holder: 'Ada Quux' };
  accountId = (await command('openAccount', input, staff)).accountId;
});
afterAll(async () => {
  await app.stop();
  await owner.close();
  await serving.drop();
  await database.drop();
});

interface Result {
  readonly __typename: string;
  readonly accountId: string;
  readonly position: string;
  readonly account: object;
  readonly reason: string;
}

async function command(name: string, input: object, token: string): Promise<Result> {
  const inputType = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation ($input: ${inputType}!) { result: ${name}(input: $input) {
    __typename
    ... on AccountCommandPayload { accountId position account { balance } }
    ... on RejectedError { reason path current { id ... on Account { balance } } }
    ... on NotFoundError { id }
  } }`;
  const { data, errors } = await post<{ result: Result }>(app.url, document, { input }, { token });
  if (!data) throw new Error(JSON.stringify(errors));
  return data.result;
}

const account = (id: string, token: string) =>
  post(app.url, 'query ($id: ID!) { node(id: $id) { id ... on Account { holder balance } } }', { id }, { token });

const isVerified = async () => (await verify({ ...owner, types }, views)).ok;

test('its commands are stored, and refused by its rules with a reason of the public enum', async () => {
  const deposited = await command('deposit', { accountId, amount: 50 }, holder.token);
  expect(deposited).toMatchObject({ __typename: 'AccountCommandPayload', account: { balance: 50 } });
  expect(await command('withdraw', { accountId, amount: 80 }, holder.token)).toMatchObject({
    __typename: 'RejectedError',
    reason: 'BALANCE_TOO_LOW',
    path: ['input', 'amount'],
    current: { id: accountId, balance: 50 },
  });
  const withdrawn = await command('withdraw', { accountId, amount: 30 }, holder.token);
  expect(withdrawn).toMatchObject({ account: { balance: 20 } });
  const stored = await owner.database.models.event.findMany({
    where: { streamId: accountId },
    orderBy: { version: 'asc' },
  });
  expect(stored.map(event => event.type)).toEqual(['AccountOpened', 'Deposited', 'Withdrawn']);
  expect(new Set(stored.map(event => event.streamType))).toEqual(new Set(['account']));
});

test('who may not see it gets the answer for a missing one', async () => {
  const stranger = await customerToken('cus_00000000-0000-4000-8000-00000000beef');
  expect((await account(accountId, stranger)).data).toEqual({ node: null });
  expect(await command('deposit', { accountId, amount: 1 }, stranger)).toMatchObject({ __typename: 'NotFoundError' });
});

test('it is found by the prefix of its id', async () => {
  expect((await account(accountId, holder.token)).data).toEqual({
    node: { id: accountId, holder: 'Ada Quux', balance: 20 },
  });
});

test('its view is folded by the serving role, listed as a read model, and equal to its events', async () => {
  await eventually(async () => {
    const rows = await onDatabase(database.url, client =>
      client.query('SELECT holder, balance::int FROM account_view WHERE account_id = $1', [accountId]),
    );
    expect(rows.rows).toEqual([{ holder: 'Ada Quux', balance: 20 }]);
  });
  const { data } = await post<{ projections: { name: string }[] }>(
    app.url,
    '{ projections { name state parkedStreams } }',
    {},
    { token: staff },
  );
  expect(data!.projections).toContainEqual({ name: 'account_view', state: 'LIVE', parkedStreams: 0 });
  expect(await isVerified()).toBe(true);
});

test('its changes are sent to subscribers', async () => {
  const socket = await connectSocket(app.url, holder.token);
  const updates = socket.subscribe(
    `subscription { accountUpdated(id: "${accountId}") { kind account { id balance } } }`,
  );
  expect(await updates.next()).toMatchObject({
    data: { accountUpdated: { kind: 'SNAPSHOT', account: { balance: 20 } } },
  });
  await command('withdraw', { accountId, amount: 5 }, holder.token);
  expect(await updates.next()).toMatchObject({
    data: { accountUpdated: { kind: 'UPDATE', account: { balance: 15 } } },
  });
  await socket.close();
});

test('its commands are counted by aggregate', async () => {
  const metrics = await (await fetch(`${app.probes}/metrics`)).text();
  expect(metrics).toContain('orderstream_commands_total{aggregate="account",command="Deposit",outcome="accepted"} 1');
});

test('its personal data is erased with that of its customer, by the same command, from every table', async () => {
  expect(await eraseNamedCustomer({ database: owner.database, embedded: false }, holder.id)).toMatchObject({
    ok: true,
    lines: [expect.stringContaining(`${holder.id} and 1 account are erased at position `)],
  });
  expect((await account(accountId, staff)).data).toEqual({
    node: { id: accountId, holder: '[erased]', balance: 15 },
  });
  const found = await onDatabase(database.url, client =>
    client.query(`SELECT FROM account_view a WHERE to_jsonb(a)::text ILIKE '%quux%'`),
  );
  expect(found.rowCount).toBe(0);
  expect(await isVerified()).toBe(true);
});
