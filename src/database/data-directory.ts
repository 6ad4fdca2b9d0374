import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
// eslint-disable-next-line no-restricted-imports -- a lock is about processes: whose it is, and whether they live
import { kill, pid } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

/**
 * The claim of one process to the folder. The lock file is a list of claims: the first one of a living process holds
 * the lock.
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

/** Interval at which a holder touches the lock file, for processes that cannot see the holder's process, ms. */
const beatInterval = 1_000;
/**
 * A holder that has not touched it for this long is taken for dead, ms: longer than the embedded database ever blocks
 * the event loop.
 */
const beatPatience = 15_000;

/**
 * Creates the folder if it is missing and locks it for this process: two processes on one embedded database destroy
 * it. The lock of a process that has ended is released at once.
 * @returns releases the lock
 * @throws StartError if another process holds it, or if the folder cannot be written
 */
export async function lockDataDirectory(path: string): Promise<() => Promise<void>> {
  const file = join(resolve(path), 'lock');
  const mine = await newClaim();
  try {
    await mkdir(path, { recursive: true, mode: 0o700 }); // it will contain names, addresses and keys
    for (;;) {
      // Lines are only ever appended, whole: every reader sees the same order, so there is only one first claim.
      await appendFile(file, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
      const first = await firstAlive(file, mine);
      // A holder that ends removes its list, and the next one starts a new list: during our check, ours may have
      // become a list that no process reads. So check once more.
      if (first === undefined || !(await readList(file)).includes(mine.id)) continue;
      if (first.id === mine.id) break;
      await appendFile(file, `${JSON.stringify({ withdrawn: mine.id })}\n`);
      throw new StartError(
        `DATA_DIR: ${path} is in use by process ${first.pid}: stop that one, or set DATA_DIR to another folder`,
      );
    }
    // Processes that wrote into the old list meanwhile do not find their claim in the new one, and try again.
    await writeFile(`${file}.new`, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StartError(
      `DATA_DIR: ${path} can't be written (${reason}): make it writable, or set DATA_DIR to another`,
    );
  }
  const beat = setInterval(() => {
    keepAlive(file, mine).catch(() => undefined); // the next beat comes soon
  }, beatInterval).unref();
  return async () => {
    clearInterval(beat);
    if ((await readList(file)).includes(mine.id)) await unlink(file);
  };
}

/** A process that was paused for long was taken for dead. Two on one database would destroy it, so this one ends. */
async function keepAlive(file: string, mine: Claim): Promise<void> {
  const list = await readList(file);
  if (!list.includes(mine.id)) {
    setImmediate(() => {
      throw new StartError('DATA_DIR: another process took it over while this one stood still');
    });
    return;
  }
  const now = new Date();
  await utimes(file, now, now);
}

/** The first claim of a living process; undefined if there is none, or the list was removed while it was read. */
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

/** Undefined for a line that is no claim, as a power failure may leave one. */
function parseLine(line: string): (Claim | { readonly withdrawn: string })[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Claim];
  } catch {
    return [];
  }
}

/** Undefined if the process cannot be seen from here: it belongs to another container on this machine. */
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

/** Whether the holder touches the lock file. A growing file is no sign of life: other processes append their claims. */
async function beats(file: string): Promise<boolean> {
  const look = () => stat(file).catch(() => undefined); // undefined if its holder removes it at this moment
  const deadline = Date.now() + beatPatience;
  let seen = await look();
  while (seen !== undefined && Date.now() < deadline) {
    await wait(beatInterval / 4);
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

/** When the process started, in ticks since the boot; undefined if it has ended, or if the system has no /proc. */
async function startOf(id: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  // The process's name comes before these fields and may contain anything, also spaces and parentheses.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie was killed and only waits for its parent: it cannot write any more.
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}
