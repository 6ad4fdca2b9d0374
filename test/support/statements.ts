import pg from 'pg';
import { vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Prisma } from '../../src/generated/prisma/client.ts';

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
  async function queryRaw(strings: TemplateStringsArray, ...values: unknown[]): Promise<unknown> {
    const { sql } = Prisma.sql(strings, ...values);
    await before?.(sql);
    const answer = await database.$queryRaw(strings, ...values);
    await after?.(sql);
    return answer;
  }
  return new Proxy(database, {
    get: (target, name) => (name === '$queryRaw' ? queryRaw : (Reflect.get(target, name) as unknown)),
  });
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
