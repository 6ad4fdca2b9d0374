import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLiveBoard } from '../../../../src/client/live-board.ts';
import { boardHolds } from './board-holds.ts';

const timeLimitMs = 300_000;

test(
  'at rest a board shows what a fresh query would, and until then no order twice, no older version and no flicker',
  async () => {
    const details = await boardHolds(createLiveBoard, { numRuns: 200 });
    expect(details.failed, `${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}`).toBe(false);
  },
  timeLimitMs,
);
