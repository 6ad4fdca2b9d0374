import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { restoreCheck } from '../../src/cli/restore-check.ts';
import { formatPosition } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { forkedLog } from '../support/forked-log.ts';
import type { TestNode } from '../support/test-node.ts';
import { useFolder } from '../support/use-folder.ts';
import { useResource } from '../support/use-resource.ts';

/** Both logs have 8 events. The first 4 are the same, the others have the same numbers and other hashes. */
const log = useResource(forkedLog, forked => forked.close());
const folder = useFolder();

async function positionAt({ store }: TestNode, point: number): Promise<string> {
  const [event] = await store.readLog(point - 1, 1);
  return formatPosition({ point, hash: event!.hash });
}

async function listOf(...ids: readonly string[]): Promise<string> {
  const file = join(folder.path, `list-${crypto.randomUUID()}`);
  await writeFile(file, ids.map(id => `${id}\n`).join(''));
  return file;
}

test('a log that went on differently lacks the events between the last known position that it has and the first that it has not', async () => {
  const { lost, restored } = log;
  const [kept, first, last] = await Promise.all([3, 6, 8].map(point => positionAt(lost, point)));
  const report = await restoreCheck(restored.database, [last!, kept!, first!], await listOf());
  expect(report).toMatchObject({
    ok: false,
    value: { known: 3, lost: { after: kept, to: last, atLeast: 3, atMost: 5 }, listedErasures: 0, unerased: [] },
  });
  expect(report.lines).toContain(`lost: 3 to 5 events after position ${kept}, up to position ${last} or later`);
});

test('a log that ends early lacks all events after its end', async () => {
  const { lost, restored } = log;
  const head = await readHead(restored.database);
  const known = formatPosition({ point: head.point + 7, hash: '00112233aabb' });
  const report = await restoreCheck(restored.database, [await positionAt(restored, head.point), known], undefined);
  expect(report.lines).toContain(
    `lost: 7 events after position ${formatPosition(head)}, up to position ${known} or later`,
  );
  expect(report.value).toMatchObject({ lost: { atLeast: 7, atMost: 7 } });
  expect(await restoreCheck(lost.database, [known], undefined)).toMatchObject({ value: { lost: { after: null } } });
});

test('with all known positions and an empty list nothing is lacking; positions are read from lines of any form', async () => {
  const { lost } = log;
  const file = join(folder.path, 'positions');
  const lines = [JSON.stringify({ ok: true, position: await positionAt(lost, 2) }), '', await positionAt(lost, 8)];
  await writeFile(file, lines.join('\n'));
  expect(await restoreCheck(lost.database, [file], await listOf())).toMatchObject({
    ok: true,
    lines: [
      `the log ends at position ${await positionAt(lost, 8)} (event 8)`,
      'nothing is lost: this log has all 2 known positions',
      'no one must be erased again: 0 customers listed, and the erasure of each is in this log',
    ],
    value: { known: 2, lost: null },
  });
});

test('what is unknown is said, and is not ok', async () => {
  const { lost } = log;
  const report = await restoreCheck(lost.database, [], undefined);
  expect(report).toMatchObject({ ok: false, value: { known: 0, lost: null, listedErasures: null } });
  expect(report.lines.slice(1)).toEqual([
    'what was lost is unknown: give a position of the lost log with --known',
    'who must be erased again is unknown: set ERASURE_LIST, or give a list with --erased',
  ]);
  await expect(restoreCheck(lost.database, ['yesterday'], undefined)).rejects.toThrow(
    /^--known yesterday: it is neither a position like \S+ nor a file that can be read$/,
  );
  await expect(restoreCheck(lost.database, [], join(folder.path, 'none'))).rejects.toThrow(/can't be read \(ENOENT\)$/);
});

test('a customer on the list whose erasure is not in this log must be erased again', async () => {
  const { lost, customerId } = log;
  const head = await positionAt(lost, 8);
  const report = await restoreCheck(lost.database, [head], await listOf(customerId, `cus_${crypto.randomUUID()}`));
  expect(report).toMatchObject({ ok: false, value: { listedErasures: 2, unerased: [customerId] } });
  expect(report.lines).toContain(`${customerId} must be erased again`);
});
