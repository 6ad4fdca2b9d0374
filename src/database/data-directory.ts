import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
// eslint-disable-next-line no-restricted-imports -- a lock is about processes: whose it is, and whether they live
import { kill, pid } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

/**
 * The claim of one process to the folder. The lock file is a list of claims. The lock belongs to the first claim
 * whose process is alive.
 */
interface Claim {
  readonly id: string;
  readonly pid: number;
  /** Start time of the process: the system reuses process ids, after a restart even for the same program. */
  readonly started: string | undefined;
  /** The boot and process namespace in which the id is valid: each container has a process 1. */
  readonly boot: string | undefined;
  readonly pids: string | undefined;
}

/**
 * Interval at which the process that has the lock touches the lock file, ms. Processes that can't see that process
 * (in other containers) watch the file.
 */
const touchIntervalMs = 1_000;
/**
 * If the file was not touched for this long, its process is considered dead, ms. It is longer than the embedded
 * database ever blocks the event loop.
 */
const touchTimeoutMs = 15_000;

/**
 * Creates the folder if it is missing, and locks it for this process: two processes on one embedded database would
 * destroy it. If the process that has the lock has ended, the lock is taken over at once.
 * @returns releases the lock
 * @throws StartError if another process has the lock, or if the folder can't be written
 */
export async function lockDataDirectory(path: string): Promise<() => Promise<void>> {
  const file = join(resolve(path), 'lock');
  const ownClaim = await newClaim();
  try {
    await mkdir(path, { recursive: true, mode: 0o700 }); // it will contain names, addresses and keys
    for (;;) {
      // Each line is appended whole, so all readers see the same order, and only one claim is the first one.
      await appendFile(file, `${JSON.stringify(ownClaim)}\n`, { mode: 0o600 });
      const first = await firstAlive(file, ownClaim);
      // A process that releases the lock removes the file, and the next process creates a new one. So our claim may
      // be in a file that was removed while we read it. That is why the file is read once more.
      if (first === undefined || !(await readList(file)).includes(ownClaim.id)) continue;
      if (first.id === ownClaim.id) break;
      await appendFile(file, `${JSON.stringify({ withdrawn: ownClaim.id })}\n`);
      throw new StartError(
        `DATA_DIR: ${path} is in use by process ${first.pid}: stop that process, or set DATA_DIR to another folder`,
      );
    }
    // Processes that have just appended to the old file do not find their claim in the new one, and try again.
    await writeFile(`${file}.new`, `${JSON.stringify(ownClaim)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StartError(
      `DATA_DIR: ${path} can't be written (${reason}): make it writable, or set DATA_DIR to another folder`,
    );
  }
  const beat = setInterval(() => {
    keepAlive(file, ownClaim).catch(() => undefined); // the next attempt follows soon
  }, touchIntervalMs).unref();
  return async () => {
    clearInterval(beat);
    if ((await readList(file)).includes(ownClaim.id)) await unlink(file);
  };
}

/**
 * Ends this process if another one has taken over the folder, which happens if this process was paused for long. Two
 * processes on one database would destroy it.
 */
async function keepAlive(file: string, ownClaim: Claim): Promise<void> {
  const list = await readList(file);
  if (!list.includes(ownClaim.id)) {
    setImmediate(() => {
      throw new StartError(
        'DATA_DIR: another process has taken over the folder, because this process was paused for too long',
      );
    });
    return;
  }
  const now = new Date();
  await utimes(file, now, now);
}

/** The first claim of a living process; undefined if there is none, or if the file was removed while it was read. */
async function firstAlive(file: string, here: Claim): Promise<Claim | undefined> {
  const lines = (await readList(file)).split('\n').flatMap(parseLine);
  const withdrawn = new Set(lines.flatMap(line => ('withdrawn' in line ? [line.withdrawn] : [])));
  for (const line of lines) {
    if ('withdrawn' in line || withdrawn.has(line.id)) continue;
    const alive = await isAlive(line, here);
    if (alive === true || (alive === undefined && (await beats(file)))) return line;
  }
  return undefined;
}

function readList(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
}

/** Returns no claim for a malformed line, for instance after a power failure. */
function parseLine(line: string): (Claim | { readonly withdrawn: string })[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Claim];
  } catch {
    return [];
  }
}

/** Undefined if the process can't be seen from here, because it runs in another container on this machine. */
async function isAlive(claim: Claim, here: Claim): Promise<boolean | undefined> {
  if (claim.boot !== here.boot) return false;
  if (claim.pids !== here.pids) return undefined;
  if (claim.started !== undefined) return (await startOf(claim.pid)) === claim.started;
  try {
    return kill(claim.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, but another user's
  }
}

/**
 * Whether the lock file is being touched. A growing file does not count, because other processes append claims to it.
 */
async function beats(file: string): Promise<boolean> {
  const look = () => stat(file).catch(() => undefined); // undefined if its holder removes it at this moment
  const deadline = Date.now() + touchTimeoutMs;
  let seen = await look();
  while (seen !== undefined && Date.now() < deadline) {
    await wait(touchIntervalMs / 4);
    const now = await look();
    if (now?.size === seen.size && now.mtimeMs !== seen.mtimeMs) return true;
    seen = now;
  }
  return false;
}

async function newClaim(): Promise<Claim> {
  return {
    id: randomUUID(),
    pid,
    started: await startOf(pid),
    boot: await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      text => text.trim(),
      () => undefined,
    ),
    pids: await readlink('/proc/self/ns/pid').catch(() => undefined),
  };
}

/** The start time of a process, in ticks since the boot; undefined if it has ended, or if the system has no /proc. */
async function startOf(id: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  // The name of the process comes before these fields and may contain any characters, including spaces and
  // parentheses.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie process was killed and only waits for its parent. It can't write any more.
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}
