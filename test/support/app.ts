import { fileURLToPath } from 'node:url';
import { destination } from 'pino';
import { startApp as start } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { type Logger, openLogger } from '../../src/telemetry/logger.ts';
import { type Child, outputGuardMs, printed, startChild, stopChild } from './child.ts';
import { noteOpen } from './left-open.ts';
import { programArguments } from './program.ts';
import { keepLog, noteEnvironment, runLogFile } from './run-log.ts';
import { testSecret } from './tokens.ts';

/** Configuration in environment variables, e.g. `{ DATABASE_URL, REDIS_URL, ROLES: 'api' }`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TestApp {
  /** Root URL, e.g. `http://127.0.0.1:40123`; empty if the process serves no GraphQL (ROLES=projector). */
  readonly url: string;
  /** Root URL of /healthz, /readyz and /metrics, which every process serves. */
  readonly probes: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the program inside this process, on a free port, with tokens of `testSecret`. It starts quickly, and calls
 * can be traced.
 */
export async function startApp(env: Environment): Promise<TestApp> {
  noteEnvironment({ ...ours, ...env });
  const app = await start(loadConfig({ ...ours, ...env }), runLogger());
  const note = noteOpen('app', () => app.stop());
  return {
    url: app.url ?? '',
    probes: app.probes,
    stop: async () => {
      note.closed();
      await app.stop();
    },
  };
}

let logger: Logger | undefined;

/**
 * Logs at every level into the run's log folder, which is checked at the end; without a run it logs only fatal
 * errors.
 */
function runLogger(): Logger {
  const file = runLogFile();
  return (logger ??=
    file === undefined ? openLogger('fatal') : openLogger('trace', destination({ dest: file, sync: true })));
}

/** The program in its own process: tests may pause and kill it. */
export interface SpawnedApp {
  /** See TestApp. */
  readonly url: string;
  readonly probes: string;
  readonly pid: number;
  /** Everything that it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Child['exited'];
  /** Sends the signal; after SIGKILL it waits for the end. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Sends SIGTERM as an operator does, and resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
}

/**
 * Starts src/main.ts in its own process, on a free port, with tokens of `testSecret`, and waits until it is ready. It
 * gets the variables of this environment that every program needs, and no others.
 * @param cwd folder whose src/ runs; default: this project's
 * @throws if it ends before it is ready; the error contains its output
 */
export async function spawnApp(env: Environment, cwd = root): Promise<SpawnedApp> {
  const child = spawnMain(env, cwd);
  const note = noteOpen(`process ${child.pid}`, () => stopChild(child, 'SIGKILL'));
  void child.exited.then(note.closed, note.closed);
  const ready = /^Orderstream is ready (?:at (\S+)|to project: (\S+)\/readyz)/m;
  const [, url, probes] = await printed(child, ready);
  return {
    url: url ?? '',
    probes: url ?? probes ?? '',
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

/** Starts the program with a configuration that it must reject, and resolves with its exit code and output. */
export async function spawnRefusedApp(
  env: Environment,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawnMain(env);
  const timer = setTimeout(() => child.kill('SIGKILL'), outputGuardMs);
  const { code } = await child.exited.finally(() => clearTimeout(timer));
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** Starts the program and kills it after this many ms, ready or not. */
export async function spawnDoomedApp(env: Environment, milliseconds: number): Promise<void> {
  const child = spawnMain(env);
  await new Promise(resolve => setTimeout(resolve, milliseconds));
  child.kill('SIGKILL');
  await child.exited;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const ours = { PORT: '0', AUTH_JWT_SECRET: testSecret };

function spawnMain(env: Environment, cwd = root): Child {
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map(name => [name, process.env[name]]));
  noteEnvironment({ ...ours, ...env });
  const child = startChild(
    process.execPath,
    cwd === root ? programArguments('main') : ['--import', 'tsx', 'src/main.ts'],
    {
      cwd,
      env: { ...inherited, ...ours, ...env },
    },
  );
  const keep = () => keepLog(child.pid, { stdout: child.stdout(), stderr: child.stderr() });
  void child.exited.then(keep, keep);
  return child;
}
