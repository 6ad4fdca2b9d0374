import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { startCli } from '../support/cli.ts';

/** Polling interval, ms: much shorter than a batch of its events. */
const pause = 10;

/** The result of a rebuild that was killed several times. */
export interface KilledRebuild {
  /** Its position each time that it was killed. */
  readonly killedAt: readonly number[];
  /** The position from which each of its processes resumed; the first one starts at the start of the log. */
  readonly takenUpAt: readonly number[];
  /** How often its position fell, or it was another rebuild. */
  readonly fallenBack: number;
  /** Exit code of the last process, which ended by itself. */
  readonly code: number | null;
  readonly stdout: string;
  /** From the first start to the last end, ms. */
  readonly milliseconds: number;
}

/**
 * Rebuilds every view by the operator's command, and kills its process with SIGKILL after each of these shares of the
 * log.
 * @throws if a process ends before it is killed: the run would prove nothing
 */
export async function killedRebuild(
  { database, url }: { readonly database: Database; readonly url: string },
  events: number,
  parts: readonly number[],
): Promise<KilledRebuild> {
  const startedAt = performance.now();
  const killedAt: number[] = [];
  const track = openTrack(database);

  async function until(child: ReturnType<typeof startCli>, point: number): Promise<'reached' | 'ended'> {
    const state = { ended: false };
    void child.exited.then(() => (state.ended = true));
    for (;;) {
      if ((await track.look()) >= point) return 'reached';
      if (state.ended) return 'ended';
      await sleep(pause);
    }
  }

  for (const part of parts) {
    const child = startRebuild(url);
    if ((await until(child, Math.max(1, part * events))) === 'ended') {
      throw new Error(`the rebuild ended before it could be killed: ${child.stdout()}${child.stderr()}`);
    }
    child.kill('SIGKILL');
    await child.exited;
    killedAt.push(await track.look());
  }
  const last = startRebuild(url);
  await until(last, Infinity);
  const { code } = await last.exited;
  const { takenUpAt, fallenBack } = track;
  return { killedAt, takenUpAt, fallenBack, code, stdout: last.stdout(), milliseconds: performance.now() - startedAt };
}

function startRebuild(url: string): ReturnType<typeof startCli> {
  return startCli('orderstream', ['rebuild', 'order_view'], { DATABASE_URL: url });
}

interface State {
  readonly generation: number;
  readonly point: number;
  readonly takenUpAt: number;
  readonly run: string;
}

/** Follows the only rebuild, while it is the same one. */
function openTrack(database: Database) {
  const takenUpAt: number[] = [];
  let fallenBack = 0;
  let before: State | undefined;
  return {
    takenUpAt,
    get fallenBack() {
      return fallenBack;
    },
    /** @returns its position; 0 if there is no rebuild */
    async look(): Promise<number> {
      const [now] = await database.query<State>(sql`
        SELECT generation, position::float8 AS point, run_from::float8 AS "takenUpAt", run_at::text AS run
        FROM checkpoints WHERE NOT live AND NOT retired`);
      if (!now) return 0;
      if (before && (now.generation !== before.generation || now.point < before.point)) fallenBack++;
      if (now.run !== before?.run) takenUpAt.push(now.takenUpAt);
      before = now;
      return now.point;
    },
  };
}
