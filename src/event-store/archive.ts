// The log as JSON lines, which can be stored elsewhere as the same chain: with every value that the hashes cover.
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';

/** The end of a log, with the whole hash of its last event, hex. */
export interface LogEnd {
  readonly point: number;
  readonly hash: string;
}

const zeroHash = '00'.repeat(32);

/** The end of the log; point 0 and a hash of zeros if it is empty. */
export async function readLogEnd(database: Database): Promise<LogEnd> {
  const rows = await database.query<{ end: LogEnd }>(sql`
    SELECT jsonb_build_object('point', e.position, 'hash', encode(e.hash, 'hex')) AS end
    FROM events e
    ORDER BY e.position DESC
    LIMIT 1`);
  return rows[0]?.end ?? { point: 0, hash: zeroHash };
}

/** The hash of the event at a point, hex; undefined if the log has none. */
export async function readHashAt(database: Database, point: number): Promise<string | undefined> {
  if (point === 0) return zeroHash;
  const rows = await database.query<{ hash: string }>(sql`
    SELECT encode(e.hash, 'hex') AS hash
    FROM events e
    WHERE e.position = ${point}::bigint`);
  return rows[0]?.hash;
}

/**
 * Events as JSON, one a line. `data`, `personal` and `metadata` are the database's own text, because a number like
 * 1.50 would lose its last digit in JavaScript, and the hash would be another one. Personal data stays encrypted.
 * @param after position before the first event. @param to position of the last event
 */
export async function readEventLines(database: Database, after: number, to: number): Promise<readonly string[]> {
  const rows = await database.query<{ line: string }>(sql`
    SELECT json_build_object(
      'position', e.position,
      'hash', encode(e.hash, 'hex'),
      'streamType', e.stream_type,
      'streamId', e.stream_id,
      'version', e.version,
      'commandId', e.command_id,
      'ordinal', e.ordinal,
      'commandHash', encode(e.command_hash, 'hex'),
      'type', e.type,
      'schemaVersion', e.schema_version,
      'data', e.data,
      'personal', e.personal,
      'metadata', e.metadata,
      'occurredAt', to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'recordedAt', to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    )::text AS line
    FROM events e
    WHERE e.position > ${after}::bigint AND e.position <= ${to}::bigint
    ORDER BY e.position`);
  return rows.map(({ line }) => line);
}

/** An event that does not continue the chain, and how. */
export interface ChainFault {
  readonly position: number;
  readonly fault: string;
}

/**
 * Stores lines of readEventLines() after the last event of the log, all of them or none. The hash of each event is
 * computed again from the event and the hash before it. Only the owner of the table may do this.
 * @returns the first event that does not continue the chain; then nothing was stored
 */
export async function storeEventLines(database: Database, lines: readonly string[]): Promise<ChainFault | undefined> {
  const rows = await database.query<{ fault: ChainFault | null }>(sql`
    WITH given AS MATERIALIZED (
      SELECT ROW(
        line.position,
        decode(line.hash, 'hex'),
        line."streamType",
        line."streamId",
        line.version,
        line."commandId",
        line.ordinal,
        decode(line."commandHash", 'hex'),
        line.type,
        line."schemaVersion",
        line.data,
        line.personal,
        line.metadata,
        line."occurredAt",
        line."recordedAt"
      )::events AS event
      FROM jsonb_to_recordset(${`[${lines.join(',')}]`}::jsonb) AS line(
        position bigint,
        hash text,
        "streamType" text,
        "streamId" text,
        version int,
        "commandId" uuid,
        ordinal smallint,
        "commandHash" text,
        type text,
        "schemaVersion" smallint,
        data jsonb,
        personal jsonb,
        metadata jsonb,
        "occurredAt" timestamptz(3),
        "recordedAt" timestamptz(3)
      )
    ), head AS MATERIALIZED (
      SELECT coalesce(max(last.position), 0) AS position,
        coalesce((array_agg(last.hash))[1], decode(${zeroHash}, 'hex')) AS hash
      FROM (SELECT e.position, e.hash FROM events e ORDER BY e.position DESC LIMIT 1) last
    ), chained AS MATERIALIZED (
      SELECT given.event,
        lag((given.event).position, 1, head.position) OVER log AS before,
        event_hash(lag((given.event).hash, 1, head.hash) OVER log, given.event) AS expected
      FROM given CROSS JOIN head
      WINDOW log AS (ORDER BY (given.event).position)
    ), fault AS MATERIALIZED (
      SELECT jsonb_build_object(
        'position', (chained.event).position,
        'fault', CASE
          WHEN (chained.event).position <> chained.before + 1 THEN 'it does not follow event ' || chained.before
          ELSE 'its hash does not match the event and the hash before it'
        END
      ) AS fault
      FROM chained
      WHERE (chained.event).position <> chained.before + 1
        OR (chained.event).hash IS DISTINCT FROM chained.expected
      ORDER BY (chained.event).position
      LIMIT 1
    ), stored AS (
      INSERT INTO events
      SELECT (chained.event).*
      FROM chained
      WHERE NOT EXISTS (SELECT FROM fault)
      ORDER BY (chained.event).position
    )
    SELECT (SELECT fault.fault FROM fault) AS fault`);
  return rows[0]?.fault ?? undefined;
}

/**
 * The keys of customers as JSON, one a line, in the order of their ids. A key that was erased is an empty text: it must
 * be stored, too, because a customer without a row would get a new key.
 * @param after id before the first one
 * @param withKeys false: only keys that were erased
 */
export async function readKeyLines(
  database: Database,
  after: string,
  withKeys: boolean,
  limit: number,
): Promise<readonly { readonly id: string; readonly line: string }[]> {
  return database.query<{ id: string; line: string }>(sql`
    SELECT k.customer_id AS id,
      json_build_object(
        'customerId', k.customer_id,
        'key', translate(encode(k.key, 'base64'), E'\n', ''),
        'createdAt', to_char(k.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      )::text AS line
    FROM customer_keys k
    WHERE k.customer_id > ${after} AND (${withKeys} OR k.key = ''::bytea)
    ORDER BY k.customer_id
    LIMIT ${limit}::int`);
}

/** A customer whose stored key is not the one of these lines of readKeyLines(), and neither is erased. */
export async function findOtherKey(database: Database, lines: readonly string[]): Promise<string | undefined> {
  const rows = await database.query<{ id: string }>(sql`
    SELECT k.customer_id AS id
    FROM jsonb_to_recordset(${`[${lines.join(',')}]`}::jsonb) AS line(
      "customerId" text,
      key text
    )
    JOIN customer_keys k ON k.customer_id = line."customerId"
    WHERE k.key <> ''::bytea
      AND line.key <> ''
      AND k.key <> decode(line.key, 'base64')
    LIMIT 1`);
  return rows[0]?.id;
}

/** Stores lines of readKeyLines(). A key that is erased in one of both places stays erased. */
export async function storeKeyLines(database: Database, lines: readonly string[]): Promise<void> {
  await database.execute(sql`
    INSERT INTO customer_keys (customer_id, key, created_at)
    SELECT line."customerId",
      decode(line.key, 'base64'),
      line."createdAt"
    FROM jsonb_to_recordset(${`[${lines.join(',')}]`}::jsonb) AS line(
      "customerId" text,
      key text,
      "createdAt" timestamptz(3)
    )
    ON CONFLICT (customer_id) DO UPDATE SET key = ''::bytea WHERE excluded.key = ''::bytea`);
}
