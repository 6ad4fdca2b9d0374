import { fileURLToPath } from 'node:url';
import type { Environment } from './app.ts';
import { type Child, startChild, stopChild } from './child.ts';
import { programArguments } from './program.ts';
import { keepLog, noteEnvironment } from './run-log.ts';
import { noteOpen } from './left-open.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program of src/cli as an operator does, without this process's own settings. */
export function startCli(name: string, args: readonly string[], env: Environment = {}): Child {
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map(key => [key, process.env[key]]));
  const child = startChild(process.execPath, [...programArguments(`cli/${name}`), ...args], {
    cwd: root,
    env: { ...inherited, ...env },
  });
  const note = noteOpen(`${name} ${child.pid}`, () => stopChild(child, 'SIGKILL'));
  void child.exited.then(note.closed, note.closed);
  noteEnvironment(env);
  const keep = () => keepLog(child.pid, { stdout: child.stdout(), stderr: child.stderr() });
  void child.exited.then(keep, keep);
  return child;
}

/** Runs it to its end. */
export function runCli(name: string, args: readonly string[], env?: Environment): Promise<Ended> {
  return ended(startCli(name, args, env));
}

/** Ends it as Ctrl-C does. */
export function interrupted(child: Child): Promise<Ended> {
  child.kill('SIGINT');
  return ended(child);
}

async function ended(child: Child): Promise<Ended> {
  const { code } = await child.exited;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}
