import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Run } from './bench.ts';

/** A process that does one job at a time, so that client and server share no thread. */
export type Worker<Job, Figure> = (job: Job) => Promise<Figure>;

type Answer<Figure> = { readonly figure: Figure } | { readonly failure: string };

/** Starts a worker, which ends with the bench. @param file module that calls doJobs() */
export async function startWorker<Job extends object, Figure>(run: Run, file: URL): Promise<Worker<Job, Figure>> {
  const child = fork(file, { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const exited = once(child, 'exit');
  run.closers.push(async () => {
    child.kill();
    await exited;
  });
  const ended = exited.then(() => {
    throw new Error(`${file.pathname} ended before it was done`);
  });
  ended.catch(() => undefined); // Its end is expected after the bench.
  const next = (): Promise<unknown> =>
    Promise.race([once(child, 'message').then(([message]: unknown[]) => message), ended]);

  await next(); // It sends one message when it is ready.
  return async job => {
    const answered = next();
    child.send(job);
    const answer = (await answered) as Answer<Figure>;
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.figure;
  };
}

/** Called in the worker's module: does the jobs that arrive. */
export function doJobs<Job, Figure>(perform: (job: Job) => Promise<Figure>): void {
  const answer = (message: unknown): unknown => process.send?.(message);
  process.on('message', (job: Job) => {
    perform(job).then(
      figure => answer({ figure }),
      (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // The parent process has ended, for whatever reason.
  process.on('disconnect', () => process.exit());
  answer('ready');
}
