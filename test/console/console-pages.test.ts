import { readdir, readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleCustomerId } from '../../src/development/sample-data.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { consolePages, type ConsolePages } from '../support/console-pages.ts';
import { eventually } from '../support/eventually.ts';
import { customerToken, staffToken } from '../support/tokens.ts';
import { useConsole } from '../support/use-console.ts';

/** Bar of the scripts that the board loads, compressed with gzip. */
const mostScriptBytes = 300_000;

describeWithChromium('the console in Chromium', () => {
  const {
    app,
    pages,
    ask,
    command: registered,
    orderCommand: command,
    items,
    submitted,
    card,
    violations,
  } = useConsole();

  test('staff choose for whom they order, and the order is that customer’s', async () => {
    const fields = '... on CustomerCommandPayload { customerId }';
    const input = { name: 'Hedy Lamarr', email: 'hedy@example.com' };
    const { customerId } = await registered<{ customerId: string }>('registerCustomer', input, fields);
    const page = await pages.open('/new');
    await page.getByRole('button', { name: 'Another customer' }).click();
    await page.getByRole('searchbox', { name: 'Search customers' }).fill('hedy');
    await page.getByRole('button', { name: /Hedy Lamarr/ }).click();
    await page.locator('.ordering-customer', { hasText: 'Hedy Lamarr' }).waitFor();
    await page.getByRole('button', { name: /^Add / }).first().click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Submit order' }).click();
    await page.getByRole('heading', { name: 'The order' }).waitFor();
    expect(new URL(page.url()).searchParams.get('customer')).toBe(customerId);
    const board = await pages.open(`/?customer=${customerId}`);
    await board.locator('[data-column=SUBMITTED] .order-card', { hasText: 'Hedy Lamarr' }).waitFor();
  });

  test('search is in the URL, survives a reload, and a card leads to its order', async () => {
    const order = await submitted();
    await submitted();
    const page = await pages.open();
    await page.getByRole('searchbox', { name: 'Search orders' }).fill(order.number);
    await eventually(async () => expect(await page.locator('.order-card').count()).toBe(1));
    expect(new URL(page.url()).searchParams.get('q')).toBe(order.number);
    await page.reload();
    await card(page, order.id, 'SUBMITTED').click();
    await page.getByRole('heading', { name: `Order ${order.number}` }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/orders/${order.number}`);
  });

  test('a command is shown at once, and its way is measured: visible, answered, pushed', async () => {
    const order = await submitted();
    const page = await pages.open(`/orders/${order.number}`);
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.locator('.page-head [data-status=CONFIRMED]').waitFor();
    await eventually(async () => {
      for (const station of ['visible', 'answered', 'pushed']) {
        expect(await page.locator(`[data-station=${station}] dd`).innerText()).toMatch(/^\d/);
      }
    });
    await page.getByRole('button', { name: 'Ship…' }).click();
    await page.getByLabel('Carrier').fill('Own van');
    await page.keyboard.press('Enter');
    await page.locator('.page-head [data-status=SHIPPED]').waitFor();
    await page.getByText('Own van', { exact: true }).waitFor();
  });

  test('a refusal is beside the button that caused it, and what was typed stays', async () => {
    const order = await submitted();
    const page = await pages.open(`/orders/${order.number}`);
    await page.getByRole('button', { name: 'Cancel order…' }).click();
    await page.getByLabel('Reason').fill('The customer has called');
    // Another person is faster: while the command is on its way, the order is shipped.
    await page.route('**/graphql', async route => {
      if (route.request().postData()?.includes('cancelOrder')) {
        await command('confirmOrder', { orderId: order.id }, 'staff');
        await command('shipOrder', { orderId: order.id, carrier: 'Own van' }, 'staff');
      }
      await route.continue();
    });
    await page.locator('.step-form').getByRole('button', { name: 'Cancel order' }).click();
    const refusal = page.locator('[data-action=CANCEL] [role=alert]');
    await refusal.waitFor();
    expect(await refusal.innerText()).toBe('It was shipped already, so it cannot be cancelled.');
    expect(await page.getByLabel('Reason').inputValue()).toBe('The customer has called');
    await page.locator('.page-head [data-status=SHIPPED]').waitFor();
  });

  test('the time slider shows each version by keyboard, marks the differences, and has an address', async () => {
    const order = await command('createOrder', { items });
    const [other] = await products();
    await command('addOrderItem', { orderId: order.id, productId: other, quantity: 3 });
    await command('submitOrder', { orderId: order.id });
    const page = await pages.open(`/orders/${order.number}`);
    await page.locator('.history [data-version="4"]').waitFor();
    await page.getByRole('slider').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.locator('.page-head [data-status=DRAFT]').waitFor();
    await page.locator('[data-difference=added]', { hasText: 'added later' }).waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('2');
    await page.reload();
    await page.locator('[data-difference=added]').waitFor();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.locator('.page-head [data-status=SUBMITTED]').waitFor();
    expect(await page.locator('[data-difference=added]').count()).toBe(0);
  });

  async function products(): Promise<string[]> {
    const query = '{ products(first: 5) { nodes { id } } }';
    const data = await ask<{ products: { nodes: { id: string }[] } }>(query, {});
    return data.products.nodes.map(({ id }) => id);
  }

  test('a number that no order has, and an address that no page has, say what to do', async () => {
    const page = await pages.open('/orders/0000-0000');
    await page.getByRole('heading', { name: 'There is no order 0000-0000' }).waitFor();
    await page.getByRole('link', { name: 'Back to the board' }).click();
    await page.locator('.board-columns').waitFor();
  });

  test('a draft is kept by a reload, its lines never fall back, and after the submit each step is shown', async () => {
    const page = await pages.open('/new', { role: 'customer' });
    const add = page.getByRole('button', { name: 'Add Sencha, 100 g' });
    await add.waitFor();
    await page.evaluate(`{
      window.quantities = [];
      new MutationObserver(() => {
        const shown = document.querySelector('.stepper output')?.textContent;
        if (shown !== undefined && shown !== quantities.at(-1)) quantities.push(shown);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }`);
    for (let clicks = 0; clicks < 5; clicks++) await add.click();
    await eventually(async () => expect(await page.locator('[data-pending]').count()).toBe(0));
    expect(await page.evaluate('quantities')).toEqual(['1', '2', '3', '4', '5']);
    await page.reload();
    await eventually(async () => expect(await page.locator('.stepper output').innerText()).toBe('5'));
    await page.getByRole('button', { name: 'Submit order' }).click();
    await page.locator('.track [data-status=SUBMITTED][data-reached]').waitFor();
    const number = await page.locator('.page-head .mono').innerText();
    const staff = await pages.open(`/orders/${number}`);
    await staff.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.locator('.track [data-status=CONFIRMED][data-reached]').waitFor();
  });

  test('the simulation brings life within five seconds, and ends with its switch', async () => {
    const page = await pages.open('/');
    await page.locator('[data-count=DRAFT]').waitFor();
    await page.getByRole('switch', { name: 'Simulation' }).click();
    await page.locator('.simulation-line', { hasText: /started|submitted|added/ }).waitFor({ timeout: 5_000 });
    await page.getByRole('switch', { name: 'Simulation' }).click();
    expect(await page.locator('.simulation-line').innerText()).toBe('');
  });

  test('the role switch shows another viewer, and nothing of the last one', async () => {
    const page = await pages.open('/');
    await page.locator('[data-figure=position]').waitFor();
    for (const role of ['customer', 'staff', 'customer']) await page.getByRole('radio', { name: role }).click();
    await page.locator('[data-figure="your orders"]').waitFor();
    await page.locator('.order-card').first().waitFor();
    expect(await page.locator('[data-figure=position]').count()).toBe(0);
    const customers = await page.locator('.order-card-customer').allInnerTexts();
    expect([...new Set(customers)]).toEqual(['Ada Lovelace']);
  });

  test.each(['light', 'dark'] as const)('no page has a violation of WCAG AA in the %s theme', async theme => {
    const order = await submitted();
    for (const [path, ready, width] of [
      ['/', '.order-card', 1440],
      ['/', '.order-card', 390],
      [`/orders/${order.number}`, '.history li', 1440],
      [`/orders/${order.number}?at=1`, '.past-note', 390],
      ['/new', '.products li', 1440],
      ['/orders/0000-0000', '.empty', 390],
    ] as const) {
      const page = await pages.open(path, { theme, width });
      await page.locator(ready).first().waitFor();
      await page.waitForTimeout(200);
      expect(await violations(page), `${path} at ${width} px`).toEqual([]);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(wide, `${path} at ${width} px`).toBeLessThanOrEqual(width);
      await page.close();
    }
  });

  test('the board loads less script than its bar', async () => {
    const loaded: string[] = [];
    const page = await pages.open('/orders/0000-0000');
    page.on('response', response => {
      if (response.url().endsWith('.js')) loaded.push(new URL(response.url()).pathname);
    });
    await page.goto(app.url);
    await page.locator('.order-card').first().waitFor();
    const folder = new URL('../../dist/console/', import.meta.url);
    const sizes = loaded.map(async path => (await readFile(new URL(`.${path}.gz`, folder))).length);
    expect((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)).toBeLessThan(mostScriptBytes);
    expect(loaded.length).toBeLessThan((await readdir(new URL('assets/', folder))).filter(isScript).length);
  });
});

const isScript = (name: string) => name.endsWith('.js');

describeWithChromium('the console of a server with a key of its own', () => {
  let dataDir: string;
  let app: TestApp;
  let browser: Browser;
  let pages: ConsolePages;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'orderstream-console-token-'));
    [app, browser] = await Promise.all([
      startApp({ DATA_DIR: dataDir, CONSOLE: 'on', TRUSTED_DOCUMENTS_ONLY: 'on' }),
      launchChromium(),
    ]);
    // A wrong or expired token is rejected by the server, which the browser prints.
    pages = await consolePages(browser, app.url, /status of 401/);
  });
  afterAll(async () => {
    await pages.close();
    await browser.close();
    await app.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function paste(page: Page, token: string) {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  test('asks for a token, says why one is wrong, and works with its own documents alone', async () => {
    const page = await pages.open();
    await page.getByRole('heading', { name: 'Sign in to Orderstream' }).waitFor();
    expect(await page.getByRole('switch').count()).toBe(0);
    await paste(page, 'not a token');
    await page.getByRole('alert').filter({ hasText: 'three parts' }).waitFor();
    await paste(page, await customerToken(sampleCustomerId, { secret: 'another secret of 32 bytes or even more' }));
    await page.getByRole('alert').filter({ hasText: 'The server rejects this token' }).waitFor();
    await paste(page, await staffToken());
    await page.locator('[data-connection=live]').waitFor();
    await page.getByRole('link', { name: 'New order' }).click();
    await page.getByRole('button', { name: /Ada Lovelace/ }).click();
    await page.getByRole('button', { name: 'Add Sencha, 100 g' }).click();
    await page.locator('.basket', { hasText: 'Saved' }).waitFor();
    await page.getByRole('button', { name: 'Submit order' }).click();
    await page.locator('.track [data-status=SUBMITTED][data-reached]').waitFor();
    await page.locator('.page-head a').click();
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.locator('.page-head [data-status=CONFIRMED]').waitFor();
    await page.locator('.history [data-version="4"]').waitFor();
    await page.getByRole('button', { name: 'Show version 2' }).click();
    await page.locator('.past-note').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Orderstream' }).waitFor();
    expect(await page.locator('main').count()).toBe(0);
  });

  test('a token that expires leaves the page and what was typed, and a fresh one continues', async () => {
    const page = await pages.open();
    await paste(page, await staffToken({ expires: Math.floor(Date.now() / 1_000) + 4 }));
    await page.locator('[data-connection=live]').waitFor();
    await page.getByRole('searchbox', { name: 'Search orders' }).fill('tea');
    await page.getByRole('alert').filter({ hasText: 'Your token expired at' }).waitFor();
    expect(await page.locator('input[type=search]').inputValue()).toBe('tea');
    await paste(page, await staffToken());
    await page.locator('[data-connection=live]').waitFor();
    expect(await page.locator('input[type=search]').inputValue()).toBe('tea');
  });
});
