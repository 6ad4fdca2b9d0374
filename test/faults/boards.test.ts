import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { boardNames, type BuiltBoard, buildBoards, observerScript } from '../boards/build-board.ts';
import { runOfflineQueue } from '../boards/offline-queue.ts';
import { complaints, runScenario } from '../boards/run-scenario.ts';
import { scenarios } from '../boards/scenarios.ts';
import { openWorld } from '../boards/world.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';

const rate = 20;
/** Orders that get three commands each while offline. */
const queuedOrders = 6;
/** Only a guard against hanging: on a machine with ten times the load it takes ten minutes. */
const hangsMs = 3_600_000;
/** The kinds of which each part of the client takes care; `npm run proof -- boards` has all, on both boards. */
const chosen = [
  'TCP reset',
  'tokens expire every 12 s',
  'SIGKILL, another node takes over',
  'logout, login as another',
];
const kinds = scenarios.filter(({ name }) => chosen.includes(name));

describeWithRedis('the example boards', () => {
  describeWithChromium('in Chromium', () => {
    let browser: Browser;
    let observer: string;
    let boards: BuiltBoard[];

    beforeAll(async () => {
      [browser, observer, boards] = await Promise.all([launchChromium(), observerScript(), buildBoards(boardNames)]);
    });
    afterAll(async () => {
      await Promise.all(boards.map(board => board.remove()));
      await browser.close();
    });

    /** Every second fault, and an offline queue. @returns what was wrong */
    async function throughFaults(board: BuiltBoard, place: number): Promise<string[]> {
      const world = await openWorld({ ...inject('postgres'), redisUrl: redisUrl() }, board.name.replace('board-', ''));
      const on = { browser, observer, board, world, rate };
      const found: string[] = [];
      for (const scenario of kinds.filter((_, index) => index % boards.length === place)) {
        found.push(...complaints(await runScenario(scenario, 'short', on), false));
      }
      const { wrong, queued } = await runOfflineQueue(on, queuedOrders);
      expect(queued).toBe(3 * queuedOrders);
      await world.close();
      return [...found, ...wrong];
    }

    test(
      'no version falls, and nothing is wrong, double or of another viewer, whatever fails',
      async () => {
        expect((await Promise.all(boards.map(throughFaults))).flat()).toEqual([]);
      },
      hangsMs,
    );
  });
});
