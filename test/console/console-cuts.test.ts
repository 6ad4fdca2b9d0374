import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { onFreePort } from '../support/free-port.ts';
import { onDatabase } from '../support/on-database.ts';
import { useDatabase } from '../support/use-database.ts';

const cuts = 10;
const columns = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'];

/** The status that an event gives its order; other events change none. */
const statusAfter: Readonly<Record<string, string>> = {
  OrderCreated: 'DRAFT',
  OrderSubmitted: 'SUBMITTED',
  OrderConfirmed: 'CONFIRMED',
  OrderShipped: 'SHIPPED',
  OrderDelivered: 'DELIVERED',
  OrderCancelled: 'CANCELLED',
};

describeWithChromium('boards of the console in two browsers', () => {
  const database = useDatabase();
  let browsers: Browser[];
  let app: SpawnedApp;

  const start = (on: number) => spawnApp({ DATABASE_URL: database.url, AUTH_JWT_SECRET: undefined, PORT: String(on) });

  beforeAll(async () => {
    browsers = await Promise.all([launchChromium(), launchChromium()]);
  });
  afterAll(async () => {
    await Promise.all(browsers.map(browser => browser.close()));
  });

  async function openBoard(browser: Browser): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(app.url);
    await page.getByRole('button', { name: 'Cut my connection' }).waitFor();
    return { context, page };
  }

  /** Cuts a board for a moment. @returns what it says after its return */
  async function cut(page: Page): Promise<string> {
    // It waits until the button is enabled: after a killed node that takes as long as its start.
    await page.getByRole('button', { name: 'Cut my connection' }).click({ timeout: 60_000 });
    await page.waitForTimeout(200 + Math.random() * 1_500);
    await page.getByRole('button', { name: 'Connect again' }).click();
    return page.locator('[data-report]').innerText();
  }

  /** The cards that a board shows, from top to bottom in each column, with their versions. */
  const shownCards = (page: Page) =>
    page.evaluate<Record<string, string>>(`Object.fromEntries(
      [...document.querySelectorAll('.order-card')].map(({ dataset }) =>
        [dataset.orderId, dataset.status + ' ' + dataset.version]))`);

  const shownCounts = async (page: Page) =>
    Object.fromEntries(
      await Promise.all(
        columns.map(async status => [status, Number(await page.locator(`[data-count=${status}]`).innerText())]),
      ),
    ) as Record<string, number>;

  /** Each order's status and version by the events of the log, read without any code of the product. */
  async function ordersOfLog(): Promise<Map<string, { status: string; version: number }>> {
    const events = await onDatabase(database.url, async client => {
      const text = `SELECT stream_id AS id, version, type FROM events WHERE stream_type = 'order' ORDER BY position`;
      return (await client.query<{ id: string; version: number; type: string }>(text)).rows;
    });
    const orders = new Map<string, { status: string; version: number }>();
    for (const { id, version, type } of events) {
      orders.set(id, { status: statusAfter[type] ?? orders.get(id)?.status ?? '', version });
    }
    return orders;
  }

  test(`follow the simulation through ${2 * cuts} cuts and a killed node: 0 lost, 0 repeated, and they show what the log says`, async () => {
    const { port, opened } = await onFreePort(start, /is taken on/);
    app = opened;
    const boards = await Promise.all(browsers.map(openBoard));
    const trader = await openBoard(browsers[0]!);
    await trader.page.getByRole('switch', { name: 'Simulation' }).click();
    await trader.page.locator('.order-card').first().waitFor();

    const reports = await Promise.all(
      boards.map(async ({ page }) => {
        const said: string[] = [];
        for (let n = 0; n < cuts; n++) said.push(await cut(page));
        return said;
      }),
    );
    expect(reports.flat().filter(report => !/ caught up, 0 lost, 0 repeated, /.test(report))).toEqual([]);
    // Otherwise the cuts would have met no change.
    expect(reports.flat().some(report => /^[1-9]/.test(report))).toBe(true);

    await app.kill('SIGKILL');
    await trader.page.waitForTimeout(1_000);
    app = await start(port);
    for (const { page } of boards) expect(await cut(page)).toMatch(/ caught up, 0 lost, 0 repeated, /);
    const trading = trader.page.getByRole('switch', { name: 'Simulation' });
    if ((await trading.getAttribute('aria-checked')) === 'true') await trading.click();

    await eventually(async () => {
      const orders = await ordersOfLog();
      const counts = Object.fromEntries(columns.map(status => [status, 0]));
      for (const { status } of orders.values()) counts[status]!++;
      for (const { page } of boards) {
        const cards = await shownCards(page);
        const expected = Object.keys(cards).map(id => [id, `${orders.get(id)?.status} ${orders.get(id)?.version}`]);
        expect(cards).toEqual(Object.fromEntries(expected));
        expect(Object.keys(cards).length).toBeGreaterThan(5);
        expect(await shownCounts(page)).toEqual(counts);
      }
    });
    await Promise.all([...boards, trader].map(({ context }) => context.close()));
    await app.stop();
  });
});
