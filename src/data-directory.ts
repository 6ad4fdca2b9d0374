import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
// eslint-disable-next-line no-restricted-imports -- a lock is about processes: whose it is, and whether they live
import { kill, pid } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from './start-error.ts';

/** One process's wish for the folder. The lock file is a list of them: the first one of a living process has it. */
interface Claim {
  readonly id: string;
  readonly pid: number;
  /** Process ids come again, after a restart even the same ones; with its start a process is told from the next one. */
  readonly started: string | undefined;
  /** In which boot, and among which processes, the id counts: each container has a process 1. */
  readonly boot: string | undefined;
  readonly pids: string | undefined;
}

/** How often a holder shows that it lives to those who can't see its process, ms. */
const beatInterval = 1_000;
/** Without a beat for so long it is taken for dead, ms: longer than the embedded database ever keeps it from one. */
const beatPatience = 15_000;

/**
 * Makes the folder where it is missing and takes it for this process alone: two on one embedded database destroy it.
 * A lock left by a process that is gone, however it went, gives way at once.
 * @returns gives the folder back
 * @throws StartError where another process has it, or where it can't be written
 */
export async function lockDataDirectory(path: string): Promise<() => Promise<void>> {
  const file = join(resolve(path), 'lock');
  const mine = await newClaim();
  try {
    await mkdir(path, { recursive: true, mode: 0o700 }); // it will hold names, addresses and keys
    for (;;) {
      // Lines are only ever added, whole and at the end: whoever reads sees the same order, so no two can be the first.
      await appendFile(file, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
      const first = await firstAlive(file, mine);
      // A holder that ends takes its list away, one that begins starts a new one: while we looked who lives, ours may
      // have become one that nobody reads. Once more, then.
      if (first === undefined || !(await readList(file)).includes(mine.id)) continue;
      if (first.id === mine.id) break;
      await appendFile(file, `${JSON.stringify({ withdrawn: mine.id })}\n`);
      throw new StartError(
        `DATA_DIR: ${path} is in use by process ${first.pid}: stop that one, or set DATA_DIR to another folder`,
      );
    }
    // Those who wrote into the old list meanwhile will miss themselves in the new one, and look again.
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
    keepAlive(file, mine).catch(() => undefined); // the next one does as well
  }, beatInterval).unref();
  return async () => {
    clearInterval(beat);
    if ((await readList(file)).includes(mine.id)) await unlink(file);
  };
}

/** A process that was paused for long was taken for dead: two on one database would ruin it, so this one ends. */
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

/** The first claim of a living process; undefined where the list has none, or was taken away while it was read. */
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

/** A line that is none (a power cut may leave such) is nobody's claim. */
function parseLine(line: string): (Claim | { readonly withdrawn: string })[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Claim];
  } catch {
    return [];
  }
}

/** Undefined where the process can't be seen from here: it is one of another container on this machine. */
async function isAlive(claim: Claim, here: Claim): Promise<boolean | undefined> {
  if (claim.boot !== here.boot) return false;
  if (claim.pids !== here.pids) return undefined;
  if (claim.started !== undefined) return (await startOf(claim.pid)) === claim.started;
  try {
    return kill(claim.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and another user's
  }
}

/** Whether the holder touches the lock file. Others who start just then lengthen it, which is no sign of its life. */
async function beats(file: string): Promise<boolean> {
  const look = () => stat(file).catch(() => undefined); // none where its holder takes it away meanwhile
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

/** When the process began, in ticks since the boot; undefined where it is gone, or where the system has no /proc. */
async function startOf(id: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  // The name before these fields may hold anything, spaces and parentheses too.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has no hands: killed, and only waiting for its parent to notice.
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}
