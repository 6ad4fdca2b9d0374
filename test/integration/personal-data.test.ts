import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamsAbout } from '../../src/event-store/streams-about.ts';
import { keyedHash, open, seal } from '../../src/event-store/personal-data.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import type { CustomerCommand } from '../../src/customer/domain/commands.ts';
import { readCustomers } from '../../src/customer/views/customer-view.ts';
import { newId } from '../../src/ids.ts';
import type { OrderCommand } from '../../src/order/domain/commands.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { onDatabase } from '../support/on-database.ts';
import {
  createdOrder,
  nodeOn,
  onCustomer,
  onOrder,
  onProduct,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { sql } from '../../src/database/sql.ts';
import { useDatabase } from '../support/use-database.ts';

const real = useDatabase();
let a: TestNode;
let b: TestNode;

beforeAll(async () => {
  [a, b] = await Promise.all([openNode(real.url), openNode(real.url)]);
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
});

/** All texts by and about a person. Each occurs nowhere else. */
function personalWords() {
  const word = () => `p${randomBytes(9).toString('hex')}q`;
  return {
    name: `Zoë ${word()}`,
    newName: `O'${word()}`,
    email: `${word()}@${word()}.example`,
    reference: word(),
    trackingNumber: word(),
    reason: `wife ${word()} "said" no`,
  };
}

interface Person {
  readonly customerId: string;
  readonly shipped: string;
  readonly cancelled: string;
}

/** Stores a customer with orders that contain all of these words. */
async function personWith(words: ReturnType<typeof personalWords>, productName = 'Thing'): Promise<Person> {
  const customerId = newId('cus');
  const { name, email, newName, reference } = words;
  await positionOf(onCustomer(a, customerId, { type: 'RegisterCustomer', customerId, name, email }));
  await positionOf(onCustomer(a, customerId, { type: 'RenameCustomer', name: newName }));
  const productId = await productOnSale(a);
  await positionOf(onProduct(a, productId, { type: 'ChangeProduct', name: productName }));
  const items = [{ productId, quantity: 1 }];
  const [shipped, cancelled] = [
    await createdOrder(a, customerId, { items, reference }),
    await createdOrder(a, customerId, { items, reference }),
  ];
  const toShipped: OrderCommand[] = [
    { type: 'SubmitOrder' },
    { type: 'ConfirmOrder' },
    { type: 'ShipOrder', carrier: 'Post', trackingNumber: words.trackingNumber },
  ];
  for (const command of toShipped) await positionOf(onOrder(a, shipped, command));
  await positionOf(onOrder(a, cancelled, { type: 'CancelOrder', reason: words.reason }));
  return { customerId, shipped, cancelled };
}

async function eventsOf(streamType: string, streamId: string): Promise<RecordedEvent[]> {
  return (await a.store.readStream({ streamType, streamId })).events;
}

function throwKeyAway(customerId: string): Promise<unknown> {
  return a.database.execute(sql`UPDATE customer_keys SET key = '' WHERE customer_id = ${customerId}`);
}

describe('personal data', () => {
  /** The forms of a text in bytes: plain, in JSON, in hex, in base64 at each of its three offsets. */
  function writings(word: string): string[] {
    const bytes = Buffer.from(word);
    const base64 = [0, 1, 2].map(offset => {
      const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
      return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    });
    return [word, JSON.stringify(word).slice(1, -1), bytes.toString('hex'), ...base64];
  }

  /** A table with everything that belongs to it, as text and as the server's files. */
  async function writtenIn(table: string): Promise<string> {
    return onDatabase(real.url, async client => {
      await client.query('CHECKPOINT');
      const { rows: texts } = await client.query<{ text: string }>(
        `SELECT string_agg(t::text, ' ') AS text FROM ${table} t`,
      );
      const { rows: files } = await client.query<{ bytes: Buffer }>(
        `SELECT pg_read_binary_file(pg_relation_filepath(c.oid)) AS bytes FROM pg_class c
         WHERE pg_relation_filepath(c.oid) IS NOT NULL AND (
           c.oid = $1::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = $1::regclass)
           OR c.oid = (SELECT reltoastrelid FROM pg_class WHERE oid = $1::regclass))`,
        [table],
      );
      return [texts[0]!.text, ...files.map(({ bytes }) => bytes.toString('latin1'))].join('\n');
    });
  }

  test('is not in the log in any encoding, neither in its text nor in its bytes', async () => {
    const words = personalWords();
    const productName = `Tea ${randomUUID()}`;
    await personWith(words, productName);
    const written = `${await writtenIn('events')}\n${await writtenIn('customer_keys')}`;

    // Other words are found, as text and in the files: this proves that the search would find personal data.
    expect(written.split(productName).length).toBeGreaterThan(3);
    const secrets = Object.values(words)
      .flatMap(word => [word, ...word.split(/[ @'"]/)])
      .filter(word => word.length > 8);
    expect(secrets.length).toBeGreaterThan(6);
    for (const secret of secrets) {
      for (const writing of writings(secret)) expect(written).not.toContain(Buffer.from(writing).toString('latin1'));
    }
  });

  test('is not lost: with the key all of it is readable, and the views show it', async () => {
    const words = personalWords();
    const { customerId, shipped, cancelled } = await personWith(words);
    const personal = async (streamType: string, streamId: string) =>
      (await eventsOf(streamType, streamId)).map(event => event.personal).filter(one => one !== undefined);
    expect(await personal('customer', customerId)).toEqual([
      { name: words.name, email: words.email },
      { name: words.newName },
    ]);
    const { reference, trackingNumber, reason } = words;
    expect(await personal('order', shipped)).toEqual([{ reference }, { trackingNumber }]);
    expect(await personal('order', cancelled)).toEqual([{ reference }, { reason }]);

    await projectAll(a);
    const { rows: customers } = await readCustomers(a.source, [customerId]);
    expect(customers.get(customerId)).toMatchObject({ name: words.newName, email: words.email });
    const { rows: orders } = await readOrders(a.source, [shipped, cancelled]);
    expect(orders.get(shipped)!.row).toMatchObject({ reference, trackingNumber });
    expect(orders.get(cancelled)!.row).toMatchObject({ reference, cancellationReason: reason });
  });
});

describe('after a customer’s key was deleted', () => {
  test.each([
    ['by an erasure', throwKeyAway],
    [
      'with its row, as in an older backup',
      (lost: string) => a.database.models.customerKey.deleteMany({ where: { customerId: lost } }),
    ],
  ])('%s, everything that it sealed reads as erased, and everything else as before', async (_, throwAway) => {
    const { customerId, shipped, cancelled } = await personWith(personalWords());
    const bystander = await personWith(personalWords());
    const read = async (person: Person) => [
      ...(await eventsOf('customer', person.customerId)),
      ...(await eventsOf('order', person.shipped)),
      ...(await eventsOf('order', person.cancelled)),
    ];
    const [before, others] = [await read({ customerId, shipped, cancelled }), await read(bystander)];
    expect(before.filter(({ personal }) => personal !== undefined)).toHaveLength(6);

    await throwAway(customerId);
    const without = before.map(event => ({ ...event, personal: undefined }));
    expect(await read({ customerId, shipped, cancelled })).toEqual(without);
    expect(await read(bystander)).toEqual(others);
    const first = before[0]!.position;
    expect((await b.store.readLog(first - 1, 1))[0]).toEqual(without[0]);
  });

  test('the views fold placeholders, and no error', async () => {
    const { customerId, shipped, cancelled } = await personWith(personalWords());
    await throwKeyAway(customerId);
    // The key is deleted before the events are projected, as in a rebuild.
    await projectAll(a);
    const { rows: customers } = await readCustomers(a.source, [customerId]);
    expect(customers.get(customerId)).toMatchObject({ name: '[erased]', email: '[erased]' });
    const { rows: orders } = await readOrders(a.source, [shipped, cancelled]);
    expect(orders.get(shipped)!.row).toMatchObject({
      status: 'SHIPPED',
      reference: null,
      carrier: 'Post',
      trackingNumber: null,
    });
    expect(orders.get(cancelled)!.row).toMatchObject({
      status: 'CANCELLED',
      reference: null,
      cancellationReason: '[erased]',
    });
  });

  test.each([
    ['the node that has it in memory', () => a],
    ['another node', () => b],
  ])('their orders continue, through %s', async (_, nodeOf) => {
    const { customerId } = await personWith(personalWords());
    const orderId = await createdOrder(a, customerId, { reference: 'before' });
    await throwKeyAway(customerId);
    await positionOf(onOrder(nodeOf(), orderId, { type: 'CancelOrder', reason: 'after' }));

    // Later personal data is as unreadable as earlier data, and no reader stops at it.
    const events = await eventsOf('order', orderId);
    expect(events.map(({ type, personal }) => ({ type, personal }))).toEqual([
      { type: 'OrderCreated', personal: undefined },
      { type: 'OrderCancelled', personal: undefined },
    ]);
    await projectAll(b);
    const { rows } = await readOrders(b.source, [orderId]);
    expect(rows.get(orderId)!.row).toMatchObject({ status: 'CANCELLED', cancellationReason: '[erased]' });
    const { key } = await a.database.models.customerKey.findUniqueOrThrow({ where: { customerId } });
    expect(key).toHaveLength(0);
  });
});

describe('the hash of a command with personal data', () => {
  type Registration = Extract<CustomerCommand, { type: 'RegisterCustomer' }>;

  function registration(): Registration {
    return { type: 'RegisterCustomer', customerId: newId('cus'), name: 'Guessed Name', email: 'guess@example.com' };
  }

  const hashOf = (command: Registration) => createHash('sha256').update(JSON.stringify(command)).digest('hex');

  async function storedHash({ customerId }: Registration): Promise<string> {
    const [row] = await a.database.query<{ hash: string }>(sql`
      SELECT encode(command_hash, 'hex') AS hash FROM events WHERE stream_id = ${customerId} AND version = 1`);
    return row!.hash;
  }

  test('does not allow guessing: without the key it cannot be computed from the right words', async () => {
    const command = registration();
    await positionOf(onCustomer(a, command.customerId, command));
    const stored = await storedHash(command);
    expect(stored).not.toBe(hashOf(command));
    const key = (await a.database.models.customerKey.findUnique({ where: { customerId: command.customerId } }))!.key;
    expect(stored).toBe(keyedHash(key, hashOf(command)));
    expect(stored).not.toBe(keyedHash(randomBytes(32), hashOf(command)));
  });

  test('still distinguishes a repeat, on every node, from another command under the same key', async () => {
    const command = registration();
    const how = { commandId: randomUUID() };
    const first = await onCustomer(a, command.customerId, command, how);
    for (const node of [a, b, nodeOn(b.database)]) {
      expect(await onCustomer(node, command.customerId, command, how)).toEqual({ ...first, replayed: true });
      const other = { ...command, name: 'Another Name' };
      expect(await onCustomer(node, command.customerId, other, how)).toEqual({ type: 'key-reused' });
    }
    const rename = { type: 'RenameCustomer', name: 'New Name' } as const;
    const renamed = { commandId: randomUUID() };
    const answers = await Promise.all([a, b].map(node => onCustomer(node, command.customerId, rename, renamed)));
    expect(answers.map(answer => answer.type)).toEqual(['accepted', 'accepted']);
    expect(await eventsOf('customer', command.customerId)).toHaveLength(2);
  });

  test('that was stored before hashes were keyed still does so', async () => {
    const command = registration();
    const how = { commandId: randomUUID() };
    const first = await onCustomer(a, command.customerId, command, how);
    const plain = Buffer.from(hashOf(command), 'hex');
    await a.database.models.event.updateMany({ where: { streamId: command.customerId }, data: { commandHash: plain } });
    expect(await onCustomer(b, command.customerId, command, how)).toEqual({ ...first, replayed: true });
    const other = { ...command, name: 'Another Name' };
    expect(await onCustomer(b, command.customerId, other, how)).toEqual({ type: 'key-reused' });
  });

  test('identifies nothing after the key is deleted: a repeat is rejected, and nothing is stored', async () => {
    const command = registration();
    const how = { commandId: randomUUID() };
    await positionOf(onCustomer(a, command.customerId, command, how));
    await throwKeyAway(command.customerId);
    expect(await onCustomer(nodeOn(b.database), command.customerId, command, how)).toEqual({ type: 'key-reused' });
    expect(await eventsOf('customer', command.customerId)).toHaveLength(1);
  });
});

describe('sealed bytes', () => {
  test('do not open in another stream: a manipulated log is an error, not an erasure', async () => {
    const { customerId, shipped } = await personWith(personalWords());
    const other = await createdOrder(a, customerId, { reference: 'mine' });
    await a.database.execute(sql`
      UPDATE events SET personal = (SELECT personal FROM events WHERE stream_id = ${shipped} AND version = 1)
      WHERE stream_id = ${other} AND version = 1`);
    await expect(eventsOf('order', other)).rejects.toThrow(/authenticate/);
    expect((await eventsOf('order', shipped))[0]!.personal).toBeDefined();
    await a.database.execute(sql`UPDATE events SET personal = NULL WHERE stream_id = ${other}`);
  });

  test('do not open with another key, with a changed bit or truncated', () => {
    const [key, other, stream] = [randomBytes(32), randomBytes(32), newId('ord')];
    const sealed = seal(key, stream, { reference: 'X' });
    expect(open(key, stream, sealed)).toEqual({ reference: 'X' });
    expect(() => open(other, stream, sealed)).toThrow();
    expect(() => open(key, newId('ord'), sealed)).toThrow();
    const bytes = Buffer.from(sealed, 'base64');
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => open(key, stream, changed.toString('base64'))).toThrow();
    }
    for (const length of bytes.keys()) {
      expect(() => open(key, stream, bytes.subarray(0, length).toString('base64'))).toThrow();
    }
  });

  test('are never equal, so equal words cannot be recognised', () => {
    const [key, stream] = [randomBytes(32), newId('ord')];
    const sealed = Array.from({ length: 1_000 }, () => seal(key, stream, { reference: 'X' }));
    expect(new Set(sealed).size).toBe(1_000);
    expect(new Set(sealed.map(one => one.slice(0, 16))).size).toBe(1_000); // no initialisation vector is used twice
  });
});

describe('a customer’s key', () => {
  test('is one, even if two nodes create it at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const customerId = newId('cus');
      const orders = Array.from({ length: 6 }, () => newId('ord'));
      // Neither node has the key of a new customer in memory.
      const sealed = await Promise.all(
        orders.map(async (orderId, n) => {
          const sealer = await (n % 2 === 0 ? a : b).store.sealerOf(customerId);
          return sealer.seal(orderId, { n });
        }),
      );
      const { key } = await a.database.models.customerKey.findUniqueOrThrow({ where: { customerId } });
      expect(key).toHaveLength(32);
      sealed.forEach((one, n) => {
        expect(one.subject).toBe(customerId);
        expect(open(key, orders[n]!, one.sealed)).toEqual({ n });
      });
    }
  });

  test('is different for each customer', async () => {
    const customers = Array.from({ length: 20 }, () => newId('cus'));
    await Promise.all(customers.map(customerId => a.store.sealerOf(customerId)));
    const keys = await a.database.models.customerKey.findMany({ where: { customerId: { in: customers } } });
    expect(new Set(keys.map(({ key }) => Buffer.from(key).toString('hex'))).size).toBe(20);
  });
});

describe('a key that the database lost', () => {
  test.each([
    ['its row is missing, and another node has created a new key', 'DELETE FROM customer_keys WHERE customer_id = $1'],
    ['another key has replaced it', `UPDATE customer_keys SET key = sha256(key) WHERE customer_id = $1`],
  ])(
    '%s: data that the lost one sealed reads as erased, the rest as before, and a rebuild folds both',
    async (_, lose) => {
      const customerId = await registeredCustomer(a, 'Lost');
      const orderId = await createdOrder(a, customerId, { reference: 'lost too' });
      await onDatabase(real.url, client => client.query(lose, [customerId]));
      const other = nodeOn(b.database);
      await positionOf(onCustomer(other, customerId, { type: 'RenameCustomer', name: 'Found' }));
      // This node still has the lost key in memory.
      const second = await createdOrder(a, customerId, { reference: 'kept' });

      const personalOf = async (type: string, id: string) => (await eventsOf(type, id)).map(({ personal }) => personal);
      expect(await personalOf('customer', customerId)).toEqual([undefined, { name: 'Found' }]);
      expect(await personalOf('order', orderId)).toEqual([undefined]);
      expect(await personalOf('order', second)).toEqual([{ reference: 'kept' }]);
      await projectAll(a);
      const { rows: customers, parked } = await readCustomers(a.source, [customerId]);
      expect(parked.size).toBe(0);
      expect(customers.get(customerId)).toMatchObject({ name: 'Found', email: '[erased]' });
      const { rows: orders } = await readOrders(a.source, [orderId, second]);
      expect([orderId, second].map(id => orders.get(id)!.row.reference)).toEqual([null, 'kept']);
    },
  );

  test('an event of an older release, which does not name its key, reads as erased too', async () => {
    const customerId = await registeredCustomer(a, 'Old');
    await a.database.execute(sql`UPDATE events SET personal = personal - 'key' WHERE stream_id = ${customerId}`);
    expect((await eventsOf('customer', customerId))[0]!.personal).toMatchObject({ name: 'Old' });
    await a.database.execute(sql`UPDATE customer_keys SET key = sha256(key) WHERE customer_id = ${customerId}`);
    expect((await eventsOf('customer', customerId))[0]!.personal).toBeUndefined();
  });

  test('a node that still has it stores nothing with it, and the other commands of the same call are stored once', async () => {
    const customers = await Promise.all(Array.from({ length: 8 }, (_, n) => registeredCustomer(a, `Shared ${n}`)));
    const lost = customers.filter((_, n) => n % 3 === 0);
    await a.database.models.customerKey.deleteMany({ where: { customerId: { in: lost } } });
    const orders = await Promise.all(customers.map(id => createdOrder(a, id, { reference: `of ${id}` })));
    for (const [n, orderId] of orders.entries()) {
      expect((await eventsOf('order', orderId)).map(({ personal }) => personal)).toEqual([
        { reference: `of ${customers[n]!}` },
      ]);
    }
  });

  test('a node that has the lost key in memory answers a repeat as accepted', async () => {
    const customerId = await registeredCustomer(a, 'Ada');
    await a.database.models.customerKey.deleteMany({ where: { customerId } });
    const how = { commandId: randomUUID() };
    const rename = { type: 'RenameCustomer', name: 'Countess' } as const;
    const first = await onCustomer(nodeOn(b.database), customerId, rename, how);
    expect(await onCustomer(a, customerId, rename, how)).toEqual({ ...first, replayed: true });
  });
});

test.each([1, 3, 100_000])(
  'the streams with data of a customer are found, each once, in the order of their first events, by statements of %i events each',
  async stretch => {
    const [customerId, other] = [await registeredCustomer(a), await registeredCustomer(a)];
    const first = await createdOrder(a, customerId, { reference: 'first' });
    await createdOrder(a, other, { reference: 'not theirs' });
    await positionOf(onCustomer(a, customerId, { type: 'RenameCustomer', name: 'Countess' }));
    const second = await createdOrder(a, customerId, { reference: 'second' });
    await positionOf(onOrder(a, first, { type: 'CancelOrder', reason: 'of mine' }));
    const found = await streamsAbout(a.database, customerId, stretch);
    expect(found.map(({ streamId }) => streamId)).toEqual([customerId, first, second]);
  },
);
