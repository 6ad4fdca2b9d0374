import fc from 'fast-check';
import { vi } from 'vitest';
import type { createLiveBoard } from '../../../../src/client/live-board.ts';
import { BoardWorld } from './board-world.ts';
import { worlds } from './interleavings.ts';

/** Looks for an interleaving in which a board shows something wrong. */
export async function boardHolds(create: typeof createLiveBoard, parameters: fc.Parameters<unknown>) {
  vi.useFakeTimers();
  try {
    return await fc.check(
      fc.asyncProperty(worlds, async world => {
        const one = new BoardWorld(world, create);
        try {
          await one.run();
        } finally {
          one.board.end();
        }
      }),
      parameters as never,
    );
  } finally {
    vi.useRealTimers();
  }
}
