import { accessSync, constants } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';
import { printed, startChild, stopChild } from './child.ts';
import { onFreePort } from './free-port.ts';
import { noteOpen } from './left-open.ts';
import { publicFolder, unprivilegedAccount } from './private-postgres.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const program = folders.map(folder => join(folder, 'pgbouncer')).find(isExecutable);
const howToRun = 'needs PgBouncer: apt-get install pgbouncer';

/** `describe` for a suite that needs PgBouncer. Without it the suite is skipped, and its name says how to run it. */
export function describeWithPgBouncer(name: string, suite: () => void): void {
  describe.skipIf(program === undefined)(program === undefined ? `${name} (${howToRun})` : name, suite);
}

export interface PgBouncer {
  /** A URL of its server, with the address of the pooler instead. */
  through(url: string): string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode before a server, on a free loopback port.
 * @param serverUrl any URL of the server
 * @param users names of the roles that may connect; it asks for no password
 * @param settings e.g. `{ default_pool_size: '4' }`
 */
export async function startPgBouncer(
  serverUrl: string,
  users: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  if (program === undefined) throw new Error(`This suite ${howToRun}; declare it with describeWithPgBouncer`);
  const account = await unprivilegedAccount();
  const folder = await publicFolder('orderstream-pgbouncer-');
  await writeFile(join(folder, 'users'), users.map(user => `"${user}" ""\n`).join(''));
  const { hostname, port: serverPort } = new URL(serverUrl);

  const start = async (port: number) => {
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: `${port}`,
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: join(folder, 'users'),
      pool_mode: 'transaction',
      max_client_conn: '500',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    const databases = ['[databases]', `* = host=${hostname} port=${serverPort || '5432'}`];
    const file = join(folder, `${port}.ini`);
    await writeFile(file, [...databases, '[pgbouncer]', ...lines, ''].join('\n'));
    const child = startChild(program, [file], { ...account, cwd: folder, scratch: folder });
    await printed(child, /process up/);
    return child;
  };
  const { port, opened } = await onFreePort(start, /already in use|cannot listen|cannot bind/i);
  const stop = async (): Promise<void> => {
    note.closed();
    await stopChild(opened, 'SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  const note = noteOpen('PgBouncer', stop);
  return {
    through: url => {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${port}`;
      return changed.href;
    },
    stop,
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
