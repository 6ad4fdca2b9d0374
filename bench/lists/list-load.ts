import { closedLoop, type Rate } from '../closed-loop.ts';
import { openRawCaller, type RawCaller } from '../raw-http.ts';
import { doJobs } from '../worker.ts';
import { type Kind, listDocuments } from './kinds.ts';

export interface ListJob {
  readonly side: 'ours' | 'theirs';
  readonly kind: Kind;
  readonly url: string;
  /** Only for our side: the baselines check no token. */
  readonly token: string | undefined;
  /** Values of the variable, used in turn: statuses, customers or words; `nested` has no variable. */
  readonly values: readonly string[];
  readonly callers: number;
  readonly seconds: number;
}

doJobs<ListJob, Rate>(async ({ side, kind, url, token, values, callers, seconds }) => {
  const query = listDocuments(side)[kind];
  const bodies = values.map(value => JSON.stringify({ query, variables: kind === 'nested' ? {} : { value } }));
  const open = await Promise.all(Array.from({ length: callers }, () => openRawCaller(url, token)));
  const ask = async (caller: RawCaller, n: number): Promise<void> => {
    const answer = await caller.post(bodies[n % bodies.length] ?? '');
    if (!answer.includes('"number":') || answer.includes('"errors"')) throw new Error(answer.slice(0, 500));
  };
  try {
    for (const [n, caller] of open.entries()) await ask(caller, n);
    const callerOf = new Map(open.entries());
    return await closedLoop(callers, seconds, async (number, n) => {
      const caller = callerOf.get(number);
      if (caller) await ask(caller, number + n * callers);
    });
  } finally {
    for (const caller of open) caller.close();
  }
});
