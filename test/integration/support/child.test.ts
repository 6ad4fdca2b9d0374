import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { printed, startChild, stopChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';

const module = fileURLToPath(new URL('../../support/child.ts', import.meta.url));

test('a process that a run started ends with the run, even if the run is killed', async () => {
  const program = `
    import { startChild } from ${JSON.stringify(module)};
    console.log('pid', startChild('sleep', ['600']).pid);
    setInterval(() => undefined, 1000);
  `;
  const run = startChild(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);
  const [, pid] = await printed(run, /pid (\d+)/);
  expect(isRunning(Number(pid))).toBe(true);
  run.kill('SIGKILL');
  await eventually(() => expect(isRunning(Number(pid))).toBe(false));
});

test('a caller that waits for a line gets an error with the output if the process ends without it', async () => {
  const child = startChild('sh', ['-c', 'echo the port is taken >&2; exit 3']);
  await expect(printed(child, /ready/)).rejects.toThrow(/exit code 3[^]*the port is taken/);
});

test('a process that ignores SIGTERM is killed', async () => {
  const child = startChild('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
  await printed(child, /ready/);
  await stopChild(child, 'SIGTERM', 100);
  expect((await child.exited).signal).toBe('SIGKILL');
});

test('a missing command is an error that names the cause', async () => {
  await expect(printed(startChild('no-such-command', []), /ready/)).rejects.toMatchObject({ code: 'ENOENT' });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
