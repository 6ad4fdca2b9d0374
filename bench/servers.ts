import { printed, startChild, stopChild } from '../test/support/child.ts';
import { testSecret } from '../test/support/tokens.ts';
import type { Run } from './bench.ts';
import { root } from './built.ts';

const patience = 30_000; // ms until a server must be ready

/** A server in a process of its own. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The program as `npm start` has it, both roles in one process, its tokens checked with `testSecret`. */
export function startOrderstream(run: Run, databaseUrl: string): Promise<RunningServer> {
  return start(run, ['dist/main.js'], { DATABASE_URL: databaseUrl, AUTH_JWT_SECRET: testSecret });
}

/** A baseline. @param file of bench/ */
export function startBaseline(run: Run, file: string, databaseUrl: string): Promise<RunningServer> {
  return start(run, ['--import', 'tsx', `bench/${file}`], { DATABASE_URL: databaseUrl });
}

async function start({ closers }: Run, args: string[], env: Record<string, string>): Promise<RunningServer> {
  // Of this process's environment nothing else: NODE_ENV above all would change what is measured.
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map(name => [name, process.env[name]]));
  const child = startChild(process.execPath, args, { cwd: root, env: { ...inherited, PORT: '0', ...env } });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopChild(child));
  closers.push(stop);
  const [, url = ''] = await printed(child, /ready at (\S+)/, patience);
  return { url, stop };
}
