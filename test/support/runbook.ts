import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { noteOpen } from './left-open.ts';
import { programArguments } from './program.ts';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folder of an installed PostgreSQL with its client programs; undefined if there is none. */
export const postgresPrograms = ['/usr/lib/postgresql', '/usr/local/opt']
  .filter(folder => existsSync(folder))
  .flatMap(folder => readdirSync(folder).map(version => join(folder, version, 'bin')))
  .filter(folder => existsSync(join(folder, 'pg_basebackup')))
  .sort()
  .at(-1);

/** The shell commands of a page's section. They are one script, as an operator would paste them. */
export async function commandsOf(page: string, heading: string): Promise<string[]> {
  const text = await readFile(join(root, 'docs/operating', page), 'utf8');
  const section = text.split(/^(?=## )/m).find(part => part.startsWith(`## ${heading}\n`));
  const commands = [...(section ?? '').matchAll(/^( *)```sh\n([^]+?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
  if (commands.length === 0) throw new Error(`${page} has no commands below ${heading}`);
  return commands;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine room for runbooks: an empty folder, PostgreSQL's programs, and `orderstream`. */
export interface RunbookRoom {
  readonly folder: string;
  /** Runs a script with these variables. @throws if it fails, with its output */
  run(script: string, variables: Readonly<Record<string, string>>): Promise<Output>;
  /** The same as the account of PostgreSQL, if this process runs as root. */
  runAsPostgres(script: string, variables: Readonly<Record<string, string>>): Promise<Output>;
  /** The same as run(), for a command that may fail. */
  attempt(script: string, variables: Readonly<Record<string, string>>): Promise<Output>;
  /** Makes a cluster in the folder `name`, or in that folder of this one, and starts it. */
  startCluster(name: string, settings?: Readonly<Record<string, string>>): Promise<Cluster>;
  freePort(): Promise<number>;
  close(): Promise<void>;
}

export interface Cluster {
  readonly data: string;
  readonly port: number;
  /** URL of the database `postgres`, as superuser. */
  readonly url: string;
}

export function urlOf(port: number, database = 'postgres'): string {
  return `postgresql://postgres@127.0.0.1:${port}/${database}`;
}

/** @throws if PostgreSQL is not installed: see postgresPrograms */
export async function openRunbookRoom(): Promise<RunbookRoom> {
  if (postgresPrograms === undefined) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp('/tmp/orderstream-runbook-');
  await chmod(folder, 0o777);
  const programs = join(folder, 'programs');
  await mkdir(programs);
  // PostgreSQL does not run as root, so for root its programs run as its own account.
  const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
  for (const name of ['initdb', 'pg_ctl', 'pg_basebackup', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql']) {
    const program = join(postgresPrograms, name);
    await script(
      join(programs, name),
      `cd /tmp\nif [ "$EUID" = 0 ]; then exec ${asPostgres.join(' ')} ${program} "$@"; fi\nexec ${program} "$@"`,
    );
  }
  const program = (name: string) => [process.execPath, ...programArguments(name)].map(part => `'${part}'`).join(' ');
  await script(join(programs, 'orderstream'), `cd '${root}' && exec ${program('cli/orderstream')} "$@"`);
  // `npm run db:migrate` runs what was built. Here the sources run, as everywhere in the tests.
  await script(join(programs, 'npm'), `[ "$*" = 'run db:migrate' ] && cd '${root}' && exec ${program('cli/migrate')}`);

  const attempt = (text: string, variables: Readonly<Record<string, string>>, as: readonly string[] = []) =>
    bash(text, { PATH: `${programs}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C', ...variables }, as);
  const succeeding = async (text: string, outcome: Promise<Output>) => {
    const { code, stdout, stderr } = await outcome;
    if (code !== 0) throw new Error(`exit code ${code} of\n${text}\n${stdout}\n${stderr}`);
    return outcome;
  };
  const run: RunbookRoom['run'] = (text, variables) => succeeding(text, attempt(text, variables));
  const stopAll = `for pid in ${folder}/*/postmaster.pid; do if [ -f "$pid" ]; then kill -QUIT "$(head -1 "$pid")"; fi; done`;
  // If this process is killed, its servers end with it.
  const leash = spawn('sh', ['-c', `read -r _; ${stopAll}; sleep 3; rm -rf ${folder}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  leash.unref();
  const close = async () => {
    note.closed();
    leash.kill('SIGKILL');
    await exec('sh', ['-c', `${stopAll}; sleep 1`]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const note = noteOpen('a room of clusters', close);
  return {
    folder,
    run,
    runAsPostgres: (text, variables) =>
      succeeding(text, attempt(text, variables, process.getuid?.() === 0 ? asPostgres : [])),
    attempt: (text, variables) => attempt(text, variables),
    freePort,
    close,
    startCluster: async (name, settings = {}) => {
      const data = resolve(folder, name);
      // So that it is stopped with all others, wherever it is.
      if (!data.startsWith(folder)) await symlink(data, join(folder, 'elsewhere'));
      const port = await freePort();
      await run(`initdb --pgdata="$DATA" --username=postgres --auth=trust --encoding=UTF8 --no-sync`, { DATA: data });
      const lines = Object.entries({
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        ...settings,
      }).map(([key, value]) => `${key} = '${value}'`);
      await writeFile(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`, { flag: 'a' });
      await run(`pg_ctl --pgdata="$DATA" --options="-p $PORT" --log="$DATA/server.log" --wait start`, {
        DATA: data,
        PORT: `${port}`,
      });
      return { data, port, url: urlOf(port) };
    },
  };
}

/** For a server that cannot choose a port itself. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function script(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

function bash(text: string, env: NodeJS.ProcessEnv, as: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const [command, ...args] = [...as, 'bash', '-euo', 'pipefail', '-c', text];
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output.stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (output.stderr += part));
    child.on('error', reject);
    // Not `close`: a server that the script has started keeps its output open.
    child.on('exit', code => {
      setTimeout(() => resolve({ code: code ?? 1, ...output }), 50);
    });
  });
}
