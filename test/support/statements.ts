import pg from 'pg';
import { vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { Query, Statement } from '../../src/database/sql.ts';
import type { Prisma } from '../../src/generated/prisma/client.ts';

/** Every statement that this process sends to a PostgreSQL server while `run` runs. */
export async function statementsOf<Result>(run: () => Promise<Result>): Promise<{ sql: string[]; result: Result }> {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  try {
    const result = await run();
    const sql = spy.mock.calls.map(([query]) => {
      const asked = query as unknown as string | { text: string };
      return typeof asked === 'string' ? asked : asked.text;
    });
    return { sql, result };
  } finally {
    spy.mockRestore();
  }
}

/** The same database with hooks: `before` is called with each statement and may delay it, `after` with its result. */
export function held(
  database: Database,
  { before, after }: { before?: (sql: string) => Promise<void>; after?: (sql: string) => Promise<void> },
): Database {
  const around =
    (send: Query): Query =>
    async <Row>(statement: Statement) => {
      await before?.(statement.text);
      const answer = await send<Row>(statement);
      await after?.(statement.text);
      return answer;
    };
  return { ...database, query: around(database.query), lookUp: around(database.lookUp) };
}

/** Sends statements in a transaction of Prisma's client. */
export function sentIn(inside: Prisma.TransactionClient): Pick<Database, 'query'> {
  return { query: ({ text, values }) => inside.$queryRawUnsafe(text, ...values) };
}

/** A gate that callers wait at until it is opened. */
export function openGate(): { passed: Promise<void>; arrived: Promise<void>; pass(): Promise<void>; open(): void } {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const passed = new Promise<void>(resolve => (open = resolve));
  const arrived = new Promise<void>(resolve => (arrive = resolve));
  return {
    passed,
    arrived,
    pass() {
      arrive();
      return passed;
    },
    open: () => open(),
  };
}
