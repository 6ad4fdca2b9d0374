import { setTimeout as sleep } from 'node:timers/promises';

/** Pause between two clients, if all of them fit into the window. */
const paceMs = 5;
/** Upper limit for the whole drain, however many clients there are. */
const maxWindowMs = 5_000;
const stepMs = 50;

/**
 * Disconnects clients gradually and in random order: if all of them reconnected at once, they would overload the
 * other nodes and the database. The others are served until their turn.
 * @param closers one function per client, which disconnects it
 */
export async function drainClients(closers: readonly (() => void)[]): Promise<void> {
  const shuffled = closers.map(close => ({ close, rank: Math.random() })).sort((one, other) => one.rank - other.rank);
  const windowMs = Math.min(closers.length * paceMs, maxWindowMs);
  const batchSize = Math.max(1, Math.ceil((shuffled.length * stepMs) / Math.max(windowMs, stepMs)));
  for (let next = 0; next < shuffled.length; next += batchSize) {
    if (next > 0) await sleep(stepMs);
    for (const { close } of shuffled.slice(next, next + batchSize)) close();
  }
}
