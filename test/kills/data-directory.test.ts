import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockDataDirectory } from '../../src/database/data-directory.ts';
import { type Child, printed, startChild, stopChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { stopwatch } from '../support/standstill.ts';

const scratch = await mkdtemp(join(tmpdir(), 'orderstream-data-'));
afterAll(() => rm(scratch, { recursive: true }));

const command = ['--import', 'tsx', 'test/support/hold-data-directory.ts'];

function startHolder(path: string, time = 0): Child {
  return startChild(process.execPath, [...command, path, String(time)]);
}

/** A folder as a process leaves it that is killed while it holds the lock. */
async function staleFolder(name: string): Promise<string> {
  const path = join(scratch, name);
  const holder = startHolder(path);
  await printed(holder, /has it/);
  await stopChild(holder, 'SIGKILL');
  return path;
}

describe('a data directory', () => {
  test('that another process holds is rejected by a line that names the holder, and stays locked', async () => {
    const path = join(scratch, 'held');
    const holder = startHolder(path);
    await printed(holder, /has it/);
    const refusal = `DATA_DIR: ${path} is in use by process ${holder.pid}: stop that process, or set DATA_DIR to another folder`;

    await expect(lockDataDirectory(path)).rejects.toThrow(refusal);
    await expect(lockDataDirectory(path)).rejects.toThrow(refusal);
    await stopChild(holder, 'SIGKILL');
  });

  test('of a holder that was killed with SIGKILL is taken over at once', async () => {
    const path = await staleFolder('killed');
    const passed = stopwatch();
    const release = await lockDataDirectory(path);
    expect(passed()).toBeLessThan(1_000);
    await release();
  });

  test('of a killed holder whose parent has not collected it is taken over too', async () => {
    const path = join(scratch, 'zombie');
    // `sleep` replaces the shell and becomes the parent: it waits for no child.
    const parent = spawn('sh', ['-c', `"$0" ${command.join(' ')} "$1" & exec sleep 25`, process.execPath, path]);
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number.parseInt(output.toString(), 10);
    process.kill(pid, 'SIGKILL');
    await eventually(async () => expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '));

    const release = await lockDataDirectory(path);
    await release();
    parent.kill('SIGKILL');
  });

  test('with a stale lock goes to exactly one of the processes that start at the same moment', async () => {
    const path = await staleFolder('raced');
    const time = Date.now() + 2_500; // by then all have loaded
    const racers = Array.from({ length: 6 }, () => startHolder(path, time));
    const outcomes = await Promise.all(racers.map(racer => printed(racer, /(has it|refused)/)));
    expect(outcomes.filter(([outcome]) => outcome === 'has it')).toHaveLength(1);
    await Promise.all(racers.map(racer => stopChild(racer, 'SIGKILL')));
  });

  test('that several callers of one process request at once goes to one of them, each time', async () => {
    const path = join(scratch, 'asked');
    for (let round = 0; round < 20; round++) {
      const asked = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataDirectory(path)));
      const taken = asked.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(taken).toHaveLength(1);
      await taken[0]!();
    }
  });

  test('that was released contains no lock', async () => {
    const path = join(scratch, 'returned');
    await (
      await lockDataDirectory(path)
    )();
    expect(await readdir(path)).toEqual([]);
  });

  test('is created if it is missing, for its owner alone', async () => {
    const path = join(scratch, 'deep', 'er');
    const release = await lockDataDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await release();
  });

  test('below a file is rejected by a line that names the cause', async () => {
    const file = join(scratch, 'file');
    await writeFile(file, '');
    const path = join(file, 'data');
    await expect(lockDataDirectory(path)).rejects.toThrow(
      `DATA_DIR: ${path} can't be written (ENOTDIR): make it writable, or set DATA_DIR to another folder`,
    );
  });
});

describe.skipIf(process.platform !== 'linux')('a lock left behind', () => {
  /** A claim as this process writes it. */
  let own: Record<string, unknown>;
  beforeAll(async () => {
    const path = join(scratch, 'own');
    const release = await lockDataDirectory(path);
    own = JSON.parse(await readFile(join(path, 'lock'), 'utf8')) as Record<string, unknown>;
    await release();
  });

  async function lockLeft(name: string, claim: Record<string, unknown>): Promise<string> {
    const path = join(scratch, name);
    await (
      await lockDataDirectory(path)
    )();
    await writeFile(join(path, 'lock'), `${JSON.stringify({ ...own, id: 'another', ...claim })}\n`);
    return path;
  }

  test('of this very process is its own', async () => {
    const path = await lockLeft('same', {});
    await expect(lockDataDirectory(path)).rejects.toThrow(`is in use by process ${process.pid}`);
  });

  test('of a process whose id another process has now is released', async () => {
    await (
      await lockDataDirectory(await lockLeft('reused', { started: '1' }))
    )();
  });

  test('from before a restart of the machine is released', async () => {
    await (
      await lockDataDirectory(await lockLeft('rebooted', { boot: 'an earlier one' }))
    )();
  });

  test('of a living container is kept, although its process cannot be seen', async () => {
    const path = await lockLeft('sibling', { pids: 'pid:[1]' });
    const file = join(path, 'lock');
    const beat = setInterval(() => void utimes(file, new Date(), new Date()), 1_000);
    await expect(lockDataDirectory(path)).rejects.toThrow(`is in use by process ${process.pid}`);
    clearInterval(beat);
  });

  test('of a container that has ended is released after a while', async () => {
    const path = await lockLeft('gone', { pids: 'pid:[1]' });
    await (
      await lockDataDirectory(path)
    )();
  });

  test('that a power failure left half written is released', async () => {
    const path = await lockLeft('torn', {});
    await writeFile(join(path, 'lock'), '{"id":"torn","pi');
    await (
      await lockDataDirectory(path)
    )();
  });
});
