import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onInterrupt } from '../../../src/cli/on-interrupt.ts';

const before = ['SIGINT', 'SIGTERM'].map(signal => [signal, process.listeners(signal as NodeJS.Signals)] as const);
const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
const listening = process.stdout.listeners('error');
afterEach(() => {
  vi.useRealTimers();
  exit.mockClear();
  process.stdout.removeAllListeners('error');
  for (const listener of listening) process.stdout.on('error', listener as () => void);
  for (const [signal, listeners] of before) {
    process.removeAllListeners(signal);
    for (const listener of listeners) process.on(signal, listener);
  }
});

it('ends on Ctrl-C, even if npm repeats the signal of the terminal', () => {
  const { signal } = onInterrupt();
  expect(signal.aborted).toBe(false);
  process.emit('SIGINT');
  vi.advanceTimersByTime(20);
  process.emit('SIGINT');
  expect(signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});

it('ends without a stack if the reader of its output is gone', () => {
  const { signal } = onInterrupt();
  process.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(signal.aborted).toBe(true);
});

it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('ends at once on a second signal: %s', again => {
  onInterrupt();
  process.emit('SIGINT');
  vi.advanceTimersByTime(1_000);
  process.emit(again);
  expect(exit).toHaveBeenCalledWith(130);
});
