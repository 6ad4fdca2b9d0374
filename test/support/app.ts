import { fileURLToPath } from 'node:url';
import { startApp as start } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { openLogger } from '../../src/logger.ts';
import { type Child, printed, startChild, stopChild } from './child.ts';
import { noteOpen } from './left-open.ts';
import { testSecret } from './tokens.ts';

/** Configuration as a process's environment has it, e.g. `{ DATABASE_URL, REDIS_URL, ROLES: 'api' }`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TestApp {
  /** Of its root, e.g. `http://127.0.0.1:40123`; empty where the process serves nothing (ROLES=projector). */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the program inside this process, on a free port, with tokens of `testSecret`. Quick, and it can be traced. */
export async function startApp(env: Environment): Promise<TestApp> {
  const app = await start(loadConfig({ ...ours, ...env }), openLogger('fatal'));
  const note = noteOpen('app', () => app.stop());
  return {
    url: app.url ?? '',
    stop: async () => {
      note.closed();
      await app.stop();
    },
  };
}

/** The program in a process of its own: may be paused and killed. */
export interface SpawnedApp {
  /** As in TestApp. */
  readonly url: string;
  readonly pid: number;
  /** All that it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Child['exited'];
  /** Sends the signal, and waits for the end where it is SIGKILL. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Asks it to end as an operator does, and answers its exit code. */
  readonly stop: () => Promise<number | null>;
}

/**
 * Starts src/main.ts in a process of its own, on a free port, with tokens of `testSecret`, and waits until it is ready.
 * Of this process's environment it gets what any program needs, and nothing of ours.
 * @param cwd the folder whose src/ it is: this project's where left out
 * @throws where it ends before it is ready; the error carries what it printed
 */
export async function spawnApp(env: Environment, cwd = root): Promise<SpawnedApp> {
  const child = spawnMain(env, cwd);
  const note = noteOpen(`process ${child.pid}`, () => stopChild(child, 'SIGKILL'));
  void child.exited.then(note.closed, note.closed);
  const [, url] = await printed(child, /^Orderstream is ready(?: at (\S+))?/m, startMilliseconds);
  return {
    url: url ?? '',
    pid: child.pid,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: child.exited,
    kill: async signal => {
      child.kill(signal);
      if (signal === 'SIGKILL') await child.exited;
    },
    stop: async () => {
      await stopChild(child);
      return (await child.exited).code;
    },
  };
}

/** Starts it where it is to refuse: answers its exit code and all that it printed, once it has ended. */
export async function spawnRefusedApp(
  env: Environment,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawnMain(env);
  const timer = setTimeout(() => child.kill('SIGKILL'), startMilliseconds);
  const { code } = await child.exited.finally(() => clearTimeout(timer));
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** Starts it and kills it after that many ms, ready or not. */
export async function spawnDoomedApp(env: Environment, milliseconds: number): Promise<void> {
  const child = spawnMain(env);
  await new Promise(resolve => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await child.exited;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const startMilliseconds = 30_000;
const ours = { PORT: '0', AUTH_JWT_SECRET: testSecret };

function spawnMain(env: Environment, cwd = root): Child {
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map(name => [name, process.env[name]]));
  return startChild(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd,
    env: { ...inherited, ...ours, ...env },
  });
}
