// npx tsx test/golden/record.ts: records what the golden files lack, and writes expected/.
// To keep something new, put the mutations that store it into a new file frozen/lives/<name>.json, { "asked": [...]
// }, and run this. Files in frozen/ never change. expected/ is written again: read its diff, because it is what a
// change of the code does to everything that was ever stored.
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { hashOfCommand } from '../../src/commands/command-hash.ts';
import { openHandleCommand } from '../../src/commands/handle-command.ts';
import { openDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { newCommandId, newId } from '../../src/ids.ts';
import { type ProjectionCommand, projectionDecider } from '../../src/operator/projection-decider.ts';
import { appendRetry } from '../../src/operator/append-retry.ts';
import { type EventStore, openEventStore } from '../../src/event-store/event-store.ts';
import { types } from '../../src/slices.ts';
import {
  ask,
  type Asked,
  deciders,
  eventFile,
  type EventRow,
  expectedOf,
  filesIn,
  type GoldenEvent,
  hashOf,
  type Keys,
  type Life,
  pathOf,
  readGolden,
  readJson,
  readLives,
  statesOf,
} from './golden.ts';

for (const file of await filesIn('frozen/lives')) {
  const life = await readJson<Pick<Life, 'asked'> & Partial<Life>>(`frozen/lives/${file}`);
  if (life.rows === undefined) await write(`frozen/lives/${file}`, await live(life.asked));
}
const lives = await readLives();
// Events that are about views.
const retried = { streamType: 'order', streamId: 'ord_00000000-0000-4000-8000-000000000001' };
const retry = await logOf(store => appendRetry(store, retried));
const operated = await logOf(async store => {
  const handle = openHandleCommand(store);
  const commands: readonly ProjectionCommand[] = [
    { type: 'RequestRebuild', view: 'order_view', isRunning: false, isStarted: false },
    { type: 'AbandonRebuild', isRunning: true },
    { type: 'SkipStreamEvent', parked: { ...retried, version: 3 }, version: 3 },
  ];
  for (const command of commands) {
    const commandId = newCommandId();
    const sent = { streamId: newId('prj'), command, commandId, commandHash: hashOfCommand(command.type, {}) };
    const call = {
      ...sent,
      actor: { role: 'operator', subject: 'olga' },
      correlationId: 'golden',
      now: new Date(),
    } as const;
    const { type } = await handle(projectionDecider, call);
    if (type !== 'accepted') throw new Error(`${command.type} was ${type}`);
  }
});
const events = [...lives.values(), retry, operated].flatMap(({ rows, keys }): GoldenEvent[] =>
  rows.map(row => ({ row, keys: keysOf(row, keys) })),
);
// Of two possible events, the one with personal data tests more.
events.sort((one, other) => Number(other.row.personal !== null) - Number(one.row.personal !== null));
for (const event of events) await freeze(eventFile(event.row), event);
for (const [streamType, { schemaVersions, snapshotShape }] of Object.entries(deciders)) {
  if (snapshotShape === undefined) continue;
  const shape = { schemaVersions, states: statesOf(lives, streamType) };
  await freeze(`shapes/${streamType}.${snapshotShape}.json`, shape);
}

await rm(pathOf('expected'), { recursive: true, force: true });
for (const [name, life] of lives) await write(`expected/lives/${name}.json`, expectedOf(life));
for (const file of await filesIn('frozen/events')) {
  await write(`expected/events/${file}`, readGolden(await readJson<GoldenEvent>(`frozen/events/${file}`)));
}

const hashes: Record<string, string> = await readJson<Record<string, string>>('frozen.json').catch(() => ({}));
for (const file of await filesIn('frozen')) hashes[file] ??= await hashOf(`frozen/${file}`);
await write('frozen.json', Object.fromEntries(Object.entries(hashes).sort()));

/** The rows of an empty database after all of these mutations. */
async function live(asked: readonly Asked[]): Promise<Life> {
  const log = await logOf(async store => {
    const handle = openHandleCommand(store);
    for (const one of asked) {
      const answer = await ask(handle, one);
      if ('message' in answer) throw new Error(`${one.mutation} was rejected: ${JSON.stringify(answer)}`);
    }
  });
  return { asked, ...log };
}

async function logOf(act: (store: EventStore) => Promise<unknown>): Promise<Omit<Life, 'asked'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderstream-golden-'));
  const { database, close } = await openDatabase({ databaseUrl: undefined, dataDir });
  try {
    await act(openEventStore(database, types, () => undefined));
    const events = await database.query<{ row: EventRow }>(sql`
      SELECT to_jsonb(e) AS row FROM events e ORDER BY e.position`);
    const keys = await database.query<{ customer: string; key: string }>(sql`
      SELECT customer_id AS customer, encode(key, 'base64') AS key FROM customer_keys ORDER BY customer_id`);
    const keyed = keys.map(({ customer, key }) => [customer, key]);
    return { keys: Object.fromEntries(keyed) as Keys, rows: events.map(({ row }) => row) };
  } finally {
    await close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function keysOf({ personal }: EventRow, keys: Keys): Keys {
  const key = personal && keys[personal.subject];
  return personal && key !== undefined && key !== null ? { [personal.subject]: key } : {};
}

/** Writes a file under frozen/, unless it exists. */
async function freeze(file: string, content: object): Promise<void> {
  const there = await access(pathOf(`frozen/${file}`)).then(
    () => true,
    () => false,
  );
  if (!there) await write(`frozen/${file}`, content);
}

async function write(file: string, content: object): Promise<void> {
  const path = pathOf(file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(
    path,
    await format(JSON.stringify(content, null, 2), { ...(await resolveConfig(path)), filepath: path }),
  );
}
