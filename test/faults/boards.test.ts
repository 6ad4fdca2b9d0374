import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { boardNames, type BuiltBoard, buildBoards, observerScript } from '../boards/build-board.ts';
import { runOfflineQueue } from '../boards/offline-queue.ts';
import { complaints, runScenario } from '../boards/run-scenario.ts';
import { scenarios } from '../boards/scenarios.ts';
import { openWorld, type World } from '../boards/world.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';

const rate = 20;
/** Orders that get three commands each while offline. */
const queuedOrders = 6;
/** Some kinds of faults in one strength only; `npm run proof -- boards` has all, on both boards. */
const kinds = scenarios.filter(({ name }) => !/(?:50|150) ms|refused 30/.test(name) || name.includes('500 ms'));

describeWithRedis('the example boards', () => {
  describeWithChromium('in Chromium', () => {
    let browser: Browser;
    let observer: string;
    let boards: BuiltBoard[];
    let worlds: World[];

    beforeAll(async () => {
      [browser, observer, boards] = await Promise.all([launchChromium(), observerScript(), buildBoards(boardNames)]);
      const servers = { ...inject('postgres'), redisUrl: redisUrl() };
      worlds = await Promise.all(boards.map(({ name }) => openWorld(servers, name.replace('board-', ''))));
    });
    afterAll(async () => {
      await Promise.all([...worlds.map(world => world.close()), ...boards.map(board => board.remove())]);
      await browser.close();
    });

    // The boards run at the same time, each with every second fault.
    test.concurrent.each(boardNames.map((name, place) => [name, place] as const))(
      '%s: no version falls, nothing is wrong, double or of another viewer, whatever fails',
      async (_, place) => {
        const [board, world] = [boards[place]!, worlds[place]!];
        for (const scenario of kinds.filter((_, index) => index % boardNames.length === place)) {
          const outcome = await runScenario(scenario, 'short', { browser, observer, board, world, rate });
          expect(complaints(outcome, false)).toEqual([]);
        }
        const { wrong, queued } = await runOfflineQueue({ browser, observer, board, world }, queuedOrders);
        expect(wrong).toEqual([]);
        expect(queued).toBe(3 * queuedOrders);
      },
    );
  });
});
