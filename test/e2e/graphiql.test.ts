import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { developmentToken } from '../../src/development/development-token.ts';
import { sampleCustomerId, sampleProductId } from '../../src/development/sample-data.ts';
import { type SpawnedApp, spawnApp, startApp } from '../support/app.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { onFreePort } from '../support/free-port.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import { post } from '../support/post.ts';
import { servingRole } from '../support/serving-role.ts';

/** Screenshots of the walk, for people to look at. */
const proof = 'proof';

describeWithChromium('GraphiQL in Chromium', () => {
  let dataDir: string;
  let app: SpawnedApp;
  let browser: Browser;
  let context: BrowserContext;
  /** Addresses that the pages requested or connected to. */
  let asked: string[];
  /** Sockets that are open now. */
  let connected: number;
  /** Errors and warnings on the pages' consoles. */
  let complaints: string[];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'orderstream-graphiql-'));
    await mkdir(proof, { recursive: true });
    [app, browser] = await Promise.all([spawnApp({ DATA_DIR: dataDir, AUTH_JWT_SECRET: undefined }), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    expect(await app.stop()).toBe(0);
    await rm(dataDir, { recursive: true, force: true });
  });

  beforeEach(async () => {
    asked = [];
    connected = 0;
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.on('page', page => {
      page.on('request', request => asked.push(request.url()));
      page.on('websocket', socket => {
        asked.push(socket.url());
        connected++;
        socket.on('close', () => connected--);
      });
      page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', error => complaints.push(String(error)));
    });
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
    const elsewhere = asked.filter(
      url => !['blob:', 'data:'].includes(new URL(url).protocol) && new URL(url).host !== new URL(app.url).host,
    );
    expect(elsewhere).toEqual([]);
  });

  async function open(url = app.url): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${url}/graphql`);
    await ready(page);
    return page;
  }

  async function ready(page: Page): Promise<void> {
    await page.locator('.graphiql-execute-button').waitFor();
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await page.locator('.result-window .view-line').first().waitFor();
  }

  async function show(page: Page, tab: string): Promise<void> {
    await page.bringToFront(); // a page in the background takes seconds for each click
    await page.locator('.graphiql-tab-button', { hasText: tab }).click();
    await eventually(async () => expect(await page.locator('.graphiql-tab-active').innerText()).toBe(tab));
    // GraphiQL needs a moment until it knows the tab's operation, and does not signal it.
    await page.waitForTimeout(300);
  }

  async function run(page: Page, tab: string): Promise<void> {
    await show(page, tab);
    await page.locator('.graphiql-execute-button').click();
  }

  function text(page: Page, editor: 'operation.graphql' | 'response.json' | 'variables.json'): Promise<string> {
    return page.evaluate<string>(
      `__MONACO.editor.getModels().find(model => model.uri.path.endsWith('${editor}')).getValue()`,
    );
  }

  /** Waits until the shown response contains this. */
  async function shows(page: Page, expected: object): Promise<void> {
    await eventually(async () => expect(JSON.parse(await text(page, 'response.json'))).toMatchObject(expected));
  }

  const answered = (page: Page, data: object): Promise<void> => shows(page, { data });

  /** Waits until these frames are shown, newest first: for each its kind, or the version of its order. */
  async function watched(page: Page, ...frames: readonly (string | number)[]): Promise<void> {
    await shows(page, {
      frames: frames.map(frame => ({
        data: { ordersUpdated: typeof frame === 'string' ? { kind: frame } : { order: { version: frame } } },
      })),
    });
  }

  /** The versions of the orders that a watch shows, newest first. */
  async function updates(page: Page): Promise<readonly number[]> {
    const { frames } = JSON.parse(await text(page, 'response.json')) as { frames: readonly { data?: object }[] };
    return frames.flatMap(({ data = {} }) => {
      const [update] = Object.values(data) as { order: { version: number } | null }[];
      return update?.order ? [update.order.version] : [];
    });
  }

  const sockets = (): string[] => asked.filter(url => url.startsWith('ws:'));

  test.each([
    ['in a wide window', 1440, 900],
    ['on a telephone', 390, 844],
  ])(
    '%s, a visitor creates, watches, fills and submits an order, and needs no network',
    async (_what, width, height) => {
      const page = await open();
      await page.setViewportSize({ width, height });
      const screenshot = (name: string) => page.screenshot({ path: `${proof}/graphiql-${width}-${name}.png` });

      await run(page, 'watch');
      await watched(page, 'PROGRESS');
      await run(page, 'create');
      await answered(page, { createOrder: { version: 1, order: { status: 'DRAFT', lines: [] } } });
      await screenshot('create');
      await run(page, 'add');
      await answered(page, { addOrderItem: { version: 2 } });
      await show(page, 'watch');
      await watched(page, 2, 1, 'PROGRESS');
      await run(page, 'submit');
      await answered(page, { submitOrder: { version: 3 } });
      await show(page, 'watch');
      await watched(page, 3, 2, 1, 'PROGRESS');
      const total = { amount: '25.00', currency: 'EUR' };
      const order = { status: 'SUBMITTED', itemCount: 2, total };
      const newest = JSON.parse(await text(page, 'response.json')) as { frames: readonly unknown[] };
      expect(newest.frames[0]).toMatchObject({ data: { ordersUpdated: { kind: 'UPDATE', order } } });
      await screenshot('watch');
      expect(sockets()).toHaveLength(1);

      await run(page, 'myOrders');
      await answered(page, {
        viewer: {
          customer: {
            orders: { nodes: expect.arrayContaining([expect.objectContaining({ status: 'SUBMITTED', total })]) },
          },
        },
      });
      await screenshot('my-orders');

      const shown = await page.locator('.result-window').boundingBox();
      expect(shown?.width).toBeGreaterThan(Math.min(width - 60, 500));
      expect(shown?.height).toBeGreaterThan(250);
    },
  );

  test('its link opens a second window, which shows every change until its button ends it', async () => {
    const page = await open();
    const opened = context.waitForEvent('page');
    await page.locator('.graphiql-logo a').click();
    const second = await opened;
    await ready(second);
    await run(second, 'watch');
    await watched(second, 'PROGRESS');
    await run(page, 'create');
    await watched(second, 1, 'PROGRESS');
    await run(page, 'add');
    await watched(second, 2, 1, 'PROGRESS');
    await run(page, 'submit');
    await watched(second, 3, 2, 1, 'PROGRESS');
    expect(connected).toBe(1);

    await second.bringToFront();
    await second.locator('.graphiql-execute-button').click();
    await eventually(() => expect(connected).toBe(0));
    await show(second, 'create');
    await show(second, 'watch');
    expect(sockets()).toHaveLength(1);
  });

  test('a watch shows an update that was made while its server was killed, also after the watch was hidden and is shown again', async () => {
    const home = await mkdtemp(join(tmpdir(), 'orderstream-graphiql-killed-'));
    const serveAt = (port: number) => spawnApp({ DATA_DIR: home, PORT: `${port}`, AUTH_JWT_SECRET: undefined });
    const token = (await developmentToken(loadConfig({}).auth, { role: 'customer', subject: sampleCustomerId }))!;
    const command = async (url: string, name: string, input: object) => {
      const query = `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) {
        ${name}(input: $input) { __typename ... on OrderCommandPayload { orderId } } }`;
      const { data } = await post<Record<string, { orderId: string }>>(url, query, { input }, { token });
      return data![name]!.orderId;
    };
    const { port, opened: killed } = await onFreePort(serveAt, /EADDRINUSE|PORT/);
    const page = await open(killed.url);
    await run(page, 'watch');
    await watched(page, 'PROGRESS');
    const orderId = await command(killed.url, 'createOrder', {});
    await watched(page, 1, 'PROGRESS');
    await show(page, 'create');
    await killed.kill('SIGKILL');

    // It first leaves the page, so that the change is made while the page certainly has no connection.
    const elsewhere = await serveAt(0);
    await command(elsewhere.url, 'addOrderItem', { orderId, productId: sampleProductId, quantity: 3 });
    expect(await elsewhere.stop()).toBe(0);
    const back = await serveAt(port);
    await show(page, 'watch');
    await eventually(async () => expect(await updates(page)).toEqual([2, 1]));
    await page.screenshot({ path: `${proof}/graphiql-resumed.png` });
    await command(back.url, 'submitOrder', { orderId });
    await eventually(async () => expect(await updates(page)).toEqual([3, 2, 1]));

    expect(await back.stop()).toBe(0);
    await page.close();
    await rm(home, { recursive: true, force: true });
    // What Chromium logs for each attempt while the server was down.
    complaints = complaints.filter(text => !/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/.test(text));
    asked = asked.filter(url => new URL(url).host !== new URL(killed.url).host);
  });

  test('a reload creates another order, and keeps the edited operation', async () => {
    const page = await open();
    const before = await text(page, 'variables.json');
    await page.locator('.graphiql-query-editor .view-line').first().click();
    await page.keyboard.type('# typed ');
    // GraphiQL saves it a moment later.
    await eventually(async () => {
      expect(await page.evaluate<string>(`sessionStorage.getItem('graphiql:tabState') ?? ''`)).toContain('# typed');
    });
    await page.reload();
    await ready(page);
    expect(await page.locator('.graphiql-tab').allInnerTexts()).toEqual([
      'create',
      'add',
      'submit',
      'watch',
      'myOrders',
    ]);
    expect(await text(page, 'operation.graphql')).toContain('# typed');
    const after = await text(page, 'variables.json');
    const withoutId = (variables: string) => variables.replace(/ord_[\w-]+/, '');
    expect(withoutId(after)).toBe(withoutId(before));
    expect(after).not.toBe(before);
    await run(page, 'create');
    await answered(page, { createOrder: { version: 1 } });
  });
});

test('in production there is no GraphiQL, and no page gives a token', async () => {
  const server = await startMigratedPostgres();
  const serving = await servingRole(server.url);
  const app = await startApp({
    NODE_ENV: 'production',
    DATABASE_URL: serving.url,
    AUTH_ISSUER: 'https://login.example.com',
    AUTH_AUDIENCE: 'orderstream',
  });
  const answer = await fetch(`${app.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(await answer.text()).not.toMatch(/<html|Bearer/);
  const asked = await fetch(`${app.url}/graphql?query={__schema{types{name}}}`);
  expect(await asked.text()).toContain('Introspection is off');
  await app.stop();
  await server.remove();
});
