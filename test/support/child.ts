import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Only a guard against a process that hangs: shorter than a test may take, so that the error contains what the process
 * printed.
 */
export const outputGuardMs = 110_000;

/** A process that a test or the run started. */
export interface Child {
  readonly pid: number;
  /** Everything that it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Settles when it has ended and all its output is read. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Sends a signal without waiting. Does nothing if the process has ended. */
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user that runs it; only root may set it. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** A temporary folder, which is deleted if this process dies before it can delete it. */
  readonly scratch?: string;
}

/** Starts a process that ends with this one, however this one ends. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const { scratch, ...how } = options;
  const child = spawn(command, args, { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  // A caller that waits gets the error of a command that cannot start; without a caller it must be no unhandled
  // rejection.
  exited.catch(() => undefined);
  if (child.pid !== undefined) leash(child, child.pid, scratch);
  return {
    pid: child.pid ?? -1,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    kill: signal => void child.kill(signal),
  };
}

/**
 * A shell that waits for the end of its standard input, which comes when this process ends (SIGKILL included), and
 * then ends the child: an aborted run leaves no server behind. It has its own process group, so that Ctrl-C does not
 * reach it.
 */
function leash(child: ChildProcess, pid: number, scratch: string | undefined): void {
  const script = 'read -r _; kill -TERM "$0"; sleep 3; kill -KILL "$0"; if [ -n "$1" ]; then rm -rf -- "$1"; fi';
  const shell = spawn('sh', ['-c', script, `${pid}`, scratch ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  child.on('exit', () => shell.kill('SIGKILL'));
}

/**
 * Waits until the child's output matches `pattern`, and resolves with the match.
 * @throws if the child cannot start, ends first or hangs; the error contains its output
 */
export async function printed(child: Child, pattern: RegExp, milliseconds = outputGuardMs): Promise<RegExpExecArray> {
  const deadline = Date.now() + milliseconds;
  const ended = child.exited.then(({ code, signal }) => `ended with ${signal ?? `exit code ${code}`}`);
  for (;;) {
    // Before the output is read: a process may print and end within this time.
    const end = await Promise.race([ended, sleep(10)]);
    const match = pattern.exec(child.stdout()) ?? pattern.exec(child.stderr());
    if (match !== null) return match;
    const failure = end ?? (Date.now() > deadline ? `printed no ${pattern} in ${milliseconds} ms` : undefined);
    if (failure === undefined) continue;
    child.kill('SIGKILL');
    throw new Error(`process ${child.pid} ${failure}\n${child.stdout()}\n${child.stderr()}`);
  }
}

/** Sends SIGTERM, and SIGKILL if it has not ended within `milliseconds`: less than it gives itself (see main.ts). */
export async function stopChild(
  child: Child,
  signal: NodeJS.Signals = 'SIGTERM',
  milliseconds = 20_000,
): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  await child.exited.finally(() => clearTimeout(timer));
}
