import pg from 'pg';
import { noteOpen } from './left-open.ts';

/** Which half of a batch: its rows are folded in memory between the two. */
export type Half = 'load' | 'write';

/** A statement of a process that waits for the lock. */
export interface HeldStatement {
  /** The name in its connection's URL, see named(). */
  readonly who: string;
  /** Id of the server process that executes it. */
  readonly backend: number;
}

/** Holds processes in the middle of a batch, by locks that they wait for. */
export interface HeldBatches {
  /** From now on no process passes this half of a batch; a rebuild is held only at its writes. */
  hold(half: Half): Promise<void>;
  /** The statements that wait there. */
  waiting(): Promise<HeldStatement | undefined>;
  /** Ends a waiting statement, as if its process had never sent it. */
  undo(statement: HeldStatement): Promise<void>;
  letGo(): Promise<void>;
  /** The current work of the server's processes, for people. */
  seen(): Promise<string>;
  close(): Promise<void>;
}

const keys = { live: 1, rebuild: 2 } as const;

/** A statement that moves a checkpoint requests a lock in its middle: one for projectors, one for rebuilds. */
const trigger = `
  CREATE OR REPLACE FUNCTION held_batch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(CASE WHEN NEW.live THEN ${keys.live} ELSE ${keys.rebuild} END);
    RETURN NEW;
  END $$;
  CREATE OR REPLACE TRIGGER held_batch BEFORE UPDATE ON checkpoints FOR EACH ROW
    WHEN (NEW.position <> OLD.position) EXECUTE FUNCTION held_batch()`;

/** @param whose the batches to hold: those of projectors, or those of a rebuild */
export async function openHeldBatches(databaseUrl: string, whose: keyof typeof keys): Promise<HeldBatches> {
  // The lock's connection does nothing else.
  const holder = new pg.Client({ connectionString: databaseUrl });
  const watcher = new pg.Client({ connectionString: databaseUrl });
  for (const client of [holder, watcher]) client.on('error', () => undefined); // if the database is dropped under it
  await Promise.all([holder.connect(), watcher.connect()]);
  await watcher.query(trigger);
  const close = async (): Promise<void> => {
    await Promise.all([holder.end(), watcher.end()]);
  };
  const note = noteOpen('held batches', close);
  let half: Half = 'load';

  async function waitingFor(condition: string): Promise<HeldStatement | undefined> {
    const { rows } = await watcher.query<HeldStatement>(
      `SELECT a.application_name AS who, a.pid AS backend FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE NOT l.granted AND a.datname = current_database() AND ${condition} ORDER BY a.query_start LIMIT 1`,
    );
    return rows[0];
  }

  return {
    async hold(which) {
      half = which;
      await holder.query(
        half === 'load'
          ? 'BEGIN; LOCK TABLE order_view IN ACCESS EXCLUSIVE MODE'
          : `SELECT pg_advisory_lock(${keys[whose]})`,
      );
    },
    waiting: () =>
      // A read of a page names the checkpoints first; a load of rows for folding reads only views.
      half === 'load'
        ? waitingFor(
            // A connection without a name is no process that a test could stop: the test's own nodes look up orders.
            `l.relation = 'order_view'::regclass AND l.mode = 'AccessShareLock' AND a.query !~ 'checkpoints'
             AND a.application_name <> 'orderstream'`,
          )
        : // One number, as the trigger requests it: the log's lock has two, and its second one is 1 too.
          waitingFor(`l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid = 0 AND l.objid = ${keys[whose]}`),
    undo: async ({ backend }) => {
      await watcher.query('SELECT pg_terminate_backend($1, 5000)', [backend]);
    },
    seen: async () => {
      const { rows } = await watcher.query<{ line: string }>(
        `SELECT concat_ws(' ', application_name, state, wait_event_type, wait_event, age(clock_timestamp(), query_start),
           left(regexp_replace(query, '\\s+', ' ', 'g'), 120)) AS line
         FROM pg_stat_activity WHERE datname = current_database() ORDER BY 1`,
      );
      return rows.map(row => row.line).join('\n');
    },
    letGo: async () => {
      await holder.query(half === 'load' ? 'COMMIT' : 'SELECT pg_advisory_unlock_all()');
    },
    close: async () => {
      note.closed();
      await close();
    },
  };
}

/** The database's URL for a process whose statements must be recognisable. */
export function named(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', name);
  return url.href;
}
