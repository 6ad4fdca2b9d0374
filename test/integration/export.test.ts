import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, test } from 'vitest';
import { eraseNamedCustomer } from '../../src/cli/erase-customer.ts';
import { exportLog, type ExportOrder } from '../../src/cli/export/export-log.ts';
import { importLog } from '../../src/cli/export/import-log.ts';
import { rebuildView } from '../../src/cli/rebuild.ts';
import { verify } from '../../src/cli/verify.ts';
import { readKeyLines, readLogEnd } from '../../src/event-store/archive.ts';
import { personalKey } from '../../src/event-store/personal-keys.ts';
import { atTerminal } from '../../src/operator/append-act.ts';
import { views } from '../../src/slices.ts';
import { runCli } from '../support/cli.ts';
import { onDatabase } from '../support/on-database.ts';
import { servingRole } from '../support/serving-role.ts';
import { viewRows } from '../support/plain-fold.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';
import { useFolder } from '../support/use-folder.ts';
import { useNode } from '../support/use-node.ts';

const original = useNode();
const copy = useDatabase('test');
const folder = useFolder('test');
let ada: string;
let erased: string;

beforeAll(async () => {
  const { node } = original;
  const productId = await productOnSale(node);
  ada = await registeredCustomer(node, 'Ada');
  erased = await registeredCustomer(node, 'Eve');
  for (const customerId of [ada, erased]) {
    const orderId = await createdOrder(node, customerId, { reference: `PO of ${customerId}` });
    await addItem(node, orderId, productId, 3);
  }
  await projectAll(node);
  await eraseNamedCustomer({ database: node.database, embedded: true }, erased);
});

const place = (more: Partial<ExportOrder> = {}) =>
  ({ folder: join(folder.path, 'export'), format: 'jsonl', personal: false, ...more }) as const;
const exported = (more?: Partial<ExportOrder>) => exportLog(original.node.database, place(more));

/** Imports the export into the copy and folds the views. */
async function onCopy<Result>(use: (node: TestNode) => Promise<Result>): Promise<Result> {
  const node = await openNode(copy.url);
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}
const imported = (node: TestNode) => importLog(node.database, false, place().folder);

const keysOf = (node: TestNode) => readKeyLines(node.database, '', true, 100);

function wholeLog(url: string): Promise<unknown[]> {
  return onDatabase(
    url,
    async client => (await client.query<{ e: string }>('SELECT e::text FROM events e ORDER BY position')).rows,
  );
}

describe('an import of an export', () => {
  test('has the same events, and with the keys the same views; an erased customer stays erased', async () => {
    expect(await exported({ personal: true })).toMatchObject({ ok: true });
    await onCopy(async node => {
      expect(await imported(node)).toMatchObject({ ok: true, value: { storedBefore: 0 } });
      await projectAll(node);
      expect(await verify(node.source, views)).toMatchObject({ ok: true });
      for (const [view, id] of [
        ['order_view', 'orderId'],
        ['customer_view', 'customerId'],
      ] as const) {
        expect(await viewRows(node.database, view, id)).toEqual(await viewRows(original.node.database, view, id));
      }
      const customers = await viewRows(node.database, 'customer_view', 'customerId');
      expect([customers.get(ada), customers.get(erased)]).toMatchObject([{ name: 'Ada' }, { name: '[erased]' }]);
    });
    expect(await wholeLog(copy.url)).toEqual(await wholeLog(original.database.url));
  });

  test('without the keys has the same events, and shows no personal data', async () => {
    await exported();
    await onCopy(async node => {
      expect(await imported(node)).toMatchObject({ ok: true });
      await projectAll(node);
      const rows = [
        ...(await viewRows(node.database, 'customer_view', 'customerId')).values(),
        ...(await viewRows(node.database, 'order_view', 'orderId')).values(),
      ];
      expect(
        JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
      ).not.toMatch(/Ada|Eve|PO of/);
      const keys = await node.database.models.customerKey.findMany();
      expect(keys.map(({ customerId, key }) => [customerId, key.length])).toEqual([[erased, 0]]);
    });
    expect(await wholeLog(copy.url)).toEqual(await wholeLog(original.database.url));
  });

  test('into an embedded database folds the views, and can be verified', async () => {
    await exported({ personal: true });
    const env = { DATA_DIR: join(folder.path, 'data') };
    expect(await runCli('orderstream', ['import-log', place().folder], env)).toMatchObject({ code: 0 });
    const verified = await runCli('orderstream', ['verify', '--json'], env);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      events: (await readLogEnd(original.node.database)).point,
    });
  });

  test('a second time stores nothing', async () => {
    await exported();
    await onCopy(async node => {
      await imported(node);
      expect(await imported(node)).toMatchObject({ ok: true, value: { events: 0 } });
    });
  });

  test('into a log with other events is refused, and its keys are unchanged', async () => {
    await exported();
    await onCopy(async node => {
      await registeredCustomer(node, 'Other');
      // In the export this customer is erased.
      await personalKey(node.database, erased);
      const before = await keysOf(node);
      await expect(imported(node)).rejects.toThrow(/the log has events that are not in .+: import it into an empty/);
      expect(await keysOf(node)).toEqual(before);
    });
  });

  test('into a log that goes on after the export is refused, and its keys are unchanged', async () => {
    await exported({ personal: true });
    await onCopy(async node => {
      await imported(node);
      const before = await keysOf(node);
      await registeredCustomer(node, 'Other');
      const keys = join(place().folder, 'keys.jsonl');
      await writeFile(keys, (await readFile(keys, 'utf8')).replaceAll(/"key" : "[^"]*"/g, '"key" : ""'));
      await expect(imported(node)).rejects.toThrow(/the log has events that are not in /);
      expect(await keysOf(node)).toEqual(expect.arrayContaining([...before]));
    });
  });

  test('without the keys says what that means; the keys can be imported until the log goes on or a key differs', async () => {
    const bare = place({ folder: join(folder.path, 'bare') });
    await exported(bare);
    await exported({ personal: true });
    await onCopy(async node => {
      const report = await importLog(node.database, false, bare.folder);
      expect(report).toMatchObject({ ok: true, value: { personal: false } });
      expect(report.lines.join('\n')).toMatch(
        /no keys .+ cannot be read[^]+gets a new key with the next personal data/,
      );
      await projectAll(node);

      await personalKey(node.database, ada);
      const before = await keysOf(node);
      await expect(imported(node)).rejects.toThrow(
        `${ada} has another key in this database than in ${place().folder}: import it into an empty database`,
      );
      expect(await keysOf(node)).toEqual(before);
      await onDatabase(copy.url, client => client.query('DELETE FROM customer_keys WHERE customer_id = $1', [ada]));

      const later = await imported(node);
      expect(later).toMatchObject({ ok: true, value: { personal: true, events: 0 } });
      expect(later.lines.join('\n')).not.toContain('no keys');
      expect(await keysOf(node)).toEqual(await keysOf(original.node));
      const nameOfAda = async () => (await viewRows(node.database, 'customer_view', 'customerId')).get(ada);
      expect(await nameOfAda()).toMatchObject({ name: '[erased]' });
      await rebuildView(node.database, 'customer_view', atTerminal());
      expect(await nameOfAda()).toMatchObject({ name: 'Ada' });
      await expect(imported(node)).rejects.toThrow(/the log has events that are not in /);
    });
  });
});

describe('a changed export is refused, and nothing is stored from the changed event on:', () => {
  async function changed(change: (lines: string[]) => string[], name = 'events-0000000000001.jsonl') {
    await exported();
    const path = join(place().folder, name);
    await writeFile(path, change((await readFile(path, 'utf8')).split('\n')).join('\n'));
    return onCopy(async node => {
      const refusal = imported(node);
      await expect(refusal).rejects.toThrow();
      expect((await readLogEnd(node.database)).point).toBeLessThan((await readLogEnd(original.node.database)).point);
      return refusal.catch((error: unknown) => (error as Error).message);
    });
  }

  test.each([
    [
      'a quantity',
      /event 5: its hash does not match/,
      (line: string) => line.replace('"quantity": 3', '"quantity": 4'),
    ],
    ['the actor', /event 5: its hash does not match/, (line: string) => line.replace('anna', 'emma')],
    [
      'the time',
      /event 5: its hash does not match/,
      (line: string) => line.replace(/"recordedAt" : "\d{4}/, '"recordedAt" : "1999'),
    ],
    ['the JSON', /has a line that is not of an export/, (line: string) => line.slice(0, -9)],
  ])('%s', async (_what, message, change) => {
    expect(await changed(lines => lines.map((line, index) => (index === 4 ? change(line) : line)))).toMatch(message);
  });

  test('an event that is missing', async () => {
    expect(await changed(lines => lines.filter((_, index) => index !== 4))).toMatch(
      /event 6: it does not follow event 4/,
    );
  });

  test('the last events are missing', async () => {
    expect(await changed(lines => lines.slice(0, 6))).toMatch(/has not the events 1 to \d+: it was changed/);
  });
});

describe('an export', () => {
  test('that is not complete is not imported, and is continued by a second call', async () => {
    await exported();
    const path = join(place().folder, 'export.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...manifest, complete: false }));
    await rm(join(place().folder, 'events-0000000000001.jsonl'));
    await onCopy(node => expect(imported(node)).rejects.toThrow(/is not complete: run the export again/));
    expect(await exported()).toMatchObject({ ok: true, value: { resumed: true } });
    await onCopy(async node => expect(await imported(node)).toMatchObject({ ok: true }));
  });

  test('into a folder of another export, or of something else, is refused', async () => {
    await exported();
    await expect(exported({ personal: true })).rejects.toThrow(
      /has an export with --format jsonl: name another folder/,
    );
    await onCopy(async node => {
      await registeredCustomer(node, 'Other');
      await expect(exportLog(node.database, place())).rejects.toThrow(/has an export of another log/);
    });
    await writeFile(join(folder.path, 'note.txt'), '');
    await expect(exported({ folder: folder.path })).rejects.toThrow(/has other files, and no export.json/);
  });

  test('can be made by the role that serves, which cannot import one', async () => {
    const serving = await servingRole(original.database.url);
    const node = await openNode(serving.url);
    expect(await exportLog(node.database, place({ personal: true }))).toMatchObject({ ok: true });
    await node.close();
    await serving.drop();
    const importing = await servingRole(copy.url);
    const other = await openNode(importing.url);
    await expect(imported(other)).rejects.toThrow(/^DATABASE_MIGRATE_URL: set it to the URL of the owner/);
    await other.close();
    await importing.drop();
  });

  test('can be read by its owner only', async () => {
    for (const format of ['jsonl', 'parquet'] as const) {
      const { folder: path } = place({ folder: join(folder.path, format) });
      await exported({ folder: path, format, personal: true });
      for (const name of ['.', ...(await readdir(path))]) {
        expect([name, (await stat(join(path, name))).mode & 0o077]).toEqual([name, 0]);
      }
    }
  });

  test('of an empty log is complete, and can be imported', async () => {
    await onCopy(async node => {
      expect(await exportLog(node.database, place())).toMatchObject({ ok: true, value: { events: 0 } });
      expect(await imported(node)).toMatchObject({ ok: true, value: { events: 0 } });
    });
  });
});

describe('as Parquet', () => {
  async function rowsOf(personal: boolean): Promise<Record<string, unknown>[]> {
    await exported({ format: 'parquet', personal });
    const file = await asyncBufferFromFile(join(place().folder, 'events-0000000000001.parquet'));
    return parquetReadObjects({ file });
  }

  test('each event is a row, with the values that readers of the log get', async () => {
    const rows = await rowsOf(true);
    const events = await original.node.store.readLog(0, 1_000);
    expect(rows).toEqual(
      events.map(event => ({
        position: BigInt(event.position),
        hash: event.hash,
        stream_type: event.streamType,
        stream_id: event.streamId,
        version: event.version,
        command_id: event.commandId,
        ordinal: event.ordinal,
        type: event.type,
        schema_version: event.schemaVersion,
        data: event.data,
        actor_role: event.metadata.actor.role,
        actor_subject: event.metadata.actor.subject,
        correlation_id: event.metadata.correlationId,
        occurred_at: event.occurredAt,
        recorded_at: event.recordedAt,
        personal: event.personal ?? null,
      })),
    );
    expect(rows.map(({ personal }) => personal)).toContainEqual({ reference: `PO of ${ada}` });
    expect(JSON.stringify(rows.map(({ personal }) => personal))).not.toContain(erased);
  });

  test('without --personal there is no personal data', async () => {
    const rows = await rowsOf(false);
    expect(rows.every(row => !('personal' in row))).toBe(true);
    const bytes = await readFile(join(place().folder, 'events-0000000000001.parquet'), 'latin1');
    expect(bytes).not.toMatch(/Ada|PO of/);
  });

  test('it cannot be imported', async () => {
    await exported({ format: 'parquet' });
    await onCopy(node => expect(imported(node)).rejects.toThrow(/only one as jsonl has the whole chain/));
  });
});
