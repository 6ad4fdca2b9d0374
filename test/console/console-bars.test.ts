// The bars of the console, with figures. They measure time: `npm run proof -- console` runs them on a quiet machine.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { sampleCustomerId } from '../../src/development/sample-data.ts';
import { describeWithChromium } from '../support/chromium.ts';
import { runCli } from '../support/cli.ts';
import { fillOrdersOf } from '../support/many-orders.ts';
import { onDatabase } from '../support/on-database.ts';
import { useConsole } from '../support/use-console.ts';

const firstPaintMs = 1_000;
const interactiveMs = 2_000;
const longestTaskMs = 50;
const orders = 5_000;
/** Height of a card with its gap. */
const cardPixels = 98;
const memoryMinutes = 10;
/** The memory of the last minute, at most this many times that of the third one, when all code has run. */
const flat = 1.15;

/** From here on the page notes each task of its main thread that takes 50 ms or more. */
const noteLongTasks = `window.longTasks = [];
  new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' })`;

describeWithChromium('the console in Chromium', () => {
  const { database, app, pages, submitted, orderCommand: command } = useConsole();

  test(`shows something within ${firstPaintMs} ms and can be used within ${interactiveMs} ms, from a cold cache`, async () => {
    await submitted();
    const page = await pages.open();
    await page.locator('.order-card').first().waitFor();
    await page.getByRole('button', { name: 'Cut my connection', disabled: false }).waitFor();
    const usedMs = await page.evaluate<number>('performance.now()');
    const paintMs = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
    console.log(`first paint ${paintMs.toFixed(0)} ms, usable ${usedMs.toFixed(0)} ms`);
    expect(paintMs).toBeLessThan(firstPaintMs);
    expect(usedMs).toBeLessThan(interactiveMs);
  });

  test(`scrolls ${orders} orders, while others change, with no task over ${longestTaskMs} ms`, async () => {
    await onDatabase(database.url, client => fillOrdersOf(client, sampleCustomerId, orders));
    const changing = await submitted();
    const page = await pages.open();
    await page.locator('[data-column=DRAFT] .order-card').first().waitFor();
    await page.waitForTimeout(1_000);
    await page.evaluate(noteLongTasks);

    const column = await page.locator('[data-column=DRAFT] .board-scroll').boundingBox();
    await page.mouse.move(column!.x + 50, column!.y + 200);
    const scrolled = new AbortController();
    const others = (async () => {
      while (!scrolled.signal.aborted) {
        await command('createOrder', { items: [] });
        await page.waitForTimeout(200);
      }
    })();
    await scrollTo(page, 'bottom');
    await command('cancelOrder', { orderId: changing.id, reason: 'Too late' });
    await scrollTo(page, 'top');
    scrolled.abort();
    await others;
    const tasks = await page.evaluate<number[]>('window.longTasks');
    console.log(`tasks over 50 ms: ${tasks.map(ms => ms.toFixed(0)).join(', ') || 'none'}`);
    expect(tasks.filter(ms => ms > longestTaskMs)).toEqual([]);
  });

  test(`keeps its memory for ${memoryMinutes} minutes of simulation`, { timeout: 900_000 }, async () => {
    const page = await pages.open();
    const session = await page.context().newCDPSession(page);
    const usedBytes = async () => {
      await session.send('HeapProfiler.collectGarbage');
      return (await session.send('Runtime.getHeapUsage')).usedSize;
    };
    const simulated = runCli('simulate', ['--url', app.url, '--rate', '5', '--for', String(memoryMinutes * 60)], {
      AUTH_JWT_SECRET: undefined,
    });
    const samples: number[] = [];
    for (let minute = 0; minute < memoryMinutes; minute++) {
      await page.waitForTimeout(60_000);
      samples.push(await usedBytes());
    }
    await simulated;
    console.log(`memory after each minute, MB: ${samples.map(bytes => (bytes / 1e6).toFixed(1)).join(', ')}`);
    expect(samples.at(-1)! / samples[2]!).toBeLessThan(flat);
  });
});

/** With the wheel, as a person does, until the end of the column. */
async function scrollTo(page: Page, end: 'top' | 'bottom'): Promise<void> {
  // At the lower end more cards are loaded, until all are there.
  const isThere = `(({ scrollTop, clientHeight, scrollHeight }) =>
    ${end === 'top' ? 'scrollTop === 0' : `scrollHeight > ${orders * cardPixels} && scrollTop + clientHeight > scrollHeight - 300`})
    (document.querySelector('[data-column=DRAFT] .board-scroll'))`;
  while (!(await page.evaluate<boolean>(isThere))) {
    await page.mouse.wheel(0, end === 'top' ? -4_000 : 4_000);
    await page.waitForTimeout(50);
  }
}
