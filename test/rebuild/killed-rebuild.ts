import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/database.ts';
import { startCli } from '../support/cli.ts';

/** How often it is looked after, ms: far more often than a batch of its events takes. */
const pause = 10;

/** What a rebuild that was killed on its way came to. */
export interface KilledRebuild {
  /** Where it stood each time that it was killed. */
  readonly killedAt: readonly number[];
  /** Where each of its processes took it up, the first one at the start of the log. */
  readonly takenUpAt: readonly number[];
  /** How often it stood earlier than it had been seen before, or was another one. */
  readonly fallenBack: number;
  /** Of the last process: it ended by itself. */
  readonly code: number | null;
  readonly stdout: string;
  /** From the first start to the last end, ms. */
  readonly milliseconds: number;
}

/**
 * Has every view rebuilt as an operator does, and kills that process with SIGKILL once it has folded each of these
 * parts of the log.
 * @throws where a process ended before it was to be killed: nothing would be proven
 */
export async function killedRebuild(
  { database, url }: { readonly database: Database; readonly url: string },
  events: number,
  parts: readonly number[],
): Promise<KilledRebuild> {
  const begun = performance.now();
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
      throw new Error(`the rebuild ended before it was to be killed: ${child.stdout()}${child.stderr()}`);
    }
    child.kill('SIGKILL');
    await child.exited;
    killedAt.push(await track.look());
  }
  const last = startRebuild(url);
  await until(last, Infinity);
  const { code } = await last.exited;
  const { takenUpAt, fallenBack } = track;
  return { killedAt, takenUpAt, fallenBack, code, stdout: last.stdout(), milliseconds: performance.now() - begun };
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

/** Follows the one rebuild that there is, as long as it is one. */
function openTrack(database: Database) {
  const takenUpAt: number[] = [];
  let fallenBack = 0;
  let before: State | undefined;
  return {
    takenUpAt,
    get fallenBack() {
      return fallenBack;
    },
    /** @returns how far it is: 0 where there is none */
    async look(): Promise<number> {
      const [now] = await database.$queryRaw<State[]>`
        SELECT generation, position::float8 AS point, run_from::float8 AS "takenUpAt", run_at::text AS run
        FROM checkpoints WHERE NOT live AND NOT retired`;
      if (!now) return 0;
      if (before && (now.generation !== before.generation || now.point < before.point)) fallenBack++;
      if (now.run !== before?.run) takenUpAt.push(now.takenUpAt);
      before = now;
      return now.point;
    },
  };
}
