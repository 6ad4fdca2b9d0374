import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { counted, grouped, openProgress, progressText } from '../../../src/cli/progress.ts';

const clear = '\r\x1b[K';

describe('progress', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  function open(isTTY: boolean, total?: number) {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    const progress = openProgress({ write, isTTY, columns: 40 }, { what: 'order', total });
    return { progress, written };
  }

  it('is a line every two seconds without a terminal, the first at once and the last at the end', () => {
    const { progress, written } = open(false, 100);
    for (let order = 0; order < 50; order++) {
      progress.add(1, 2);
      vi.advanceTimersByTime(100);
    }
    progress.end();
    expect(written).toEqual([
      '  2 %, 1 order, 1,000/s\n',
      ' 42 %, 21 orders, 11/s, 3 s left\n',
      ' 82 %, 41 orders, 10/s, 1 s left\n',
      '100 %, 50 orders, 10/s\n',
    ]);
  });

  it('is a bar on a terminal, drawn over itself and never wider than it', () => {
    const { progress, written } = open(true, 100);
    for (let order = 0; order < 100; order++) {
      progress.add(1);
      vi.advanceTimersByTime(50);
    }
    progress.end();
    expect(written.length).toBeGreaterThan(20);
    expect(written.at(-1)).toBe('\n');
    for (const line of written.slice(0, -1)) expect(line.replace(clear, '')).toMatch(/^[█░]{30} .{9}$/);
    expect(written.at(-2)).toContain(`${'█'.repeat(30)} 100 %, 1`);
  });

  it('is erased for a line on a terminal, and drawn again below it', () => {
    const { progress, written } = open(true, 100);
    progress.add(50);
    const before = written.at(-1);
    progress.say(() => void written.push('row 7\n'));
    expect(written.slice(-3)).toEqual([clear, 'row 7\n', before]);
  });

  it('prints nothing if there was nothing to do', () => {
    const { progress, written } = open(false, 100);
    progress.end();
    expect(written).toEqual([]);
  });

  it('predicts no end if the total is unknown', () => {
    const { progress, written } = open(true);
    vi.advanceTimersByTime(1_000);
    progress.add(7);
    expect(written).toEqual([`${clear}7 orders, 7/s`]);
  });
});

it.each<[number, string]>([
  [10_000, '10 s'],
  [119_000, '119 s'],
  [150_000, '3 min'],
  [3 * 3_600_000, '3 h 0 min'],
])('prints the remaining time in suitable units: %i ms', (left, words) => {
  expect(progressText({ count: 1, what: 'order', done: 0.5, ms: left })).toContain(`, ${words} left`);
});

it('groups thousands, but not after the decimal point', () => {
  expect(['0', '999', '1000', '1265786.27', '1234.56789', '12345678901234567890.123'].map(grouped)).toEqual([
    '0',
    '999',
    '1,000',
    '1,265,786.27',
    '1,234.56789',
    '12,345,678,901,234,567,890.123',
  ]);
  expect([counted(1, 'order'), counted(0, 'order'), counted(51317, 'unit')]).toEqual([
    '1 order',
    '0 orders',
    '51,317 units',
  ]);
});
