// An operator's day in the browser, while another page follows the orders.
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { sampleCustomerId } from '../../src/development/sample-data.ts';
import { describeWithChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { useConsole } from '../support/use-console.ts';

describeWithChromium('the pages of the console beside the board', () => {
  const { database, app, pages, command, submitted, violations } = useConsole();

  const sql = (text: string) =>
    onDatabase(database.url, async client => (await client.query<{ n: number }>(text)).rows);

  /** Parks an order: its next event is stored damaged. @returns a function that mends the event */
  async function parked(orderId: string): Promise<() => Promise<unknown>> {
    await sql(`
      CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.stream_id = '${orderId}' THEN
          NEW.personal := '{"subject": "${sampleCustomerId}", "sealed": "AAAA"}';
        END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER damaged BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION damaged()`);
    await command('confirmOrder', { orderId }, '__typename');
    await sql('DROP TRIGGER damaged ON events; DROP FUNCTION damaged()');
    return () => sql(`UPDATE events SET personal = NULL WHERE stream_id = '${orderId}' AND type = 'OrderConfirmed'`);
  }

  /** How one presses a button. */
  const hands = {
    mouse: (button: Locator) => button.click(),
    /** Tab until the button has the focus, and Enter: what a mouse does must not be needed. */
    keyboard: async (button: Locator, page: Page) => {
      await button.waitFor();
      for (let presses = 0; presses < 120; presses++) {
        if ((await button.and(page.locator(':focus')).count()) === 1) {
          await page.keyboard.press('Enter');
          return;
        }
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not come to ${button.toString()}`);
    },
  } as const;

  const position = async (page: Page) =>
    Number((await page.locator('[data-figure=position] dd').innerText()).replaceAll(',', ''));

  test.each(['mouse', 'keyboard'] as const)(
    'by %s a parked stream is found and retried, and a view rebuilt, while the board of another page goes on',
    async hand => {
      const press = hands[hand];
      const order = await submitted();
      const mend = await parked(order.id);
      const board = await pages.open('/');
      await board.getByRole('switch', { name: 'Simulation' }).click();
      await board.locator('.simulation-line', { hasText: /\w/ }).waitFor();

      const page = await pages.open('/', { role: 'operator' });
      await page.locator('[data-figure=parked] dd', { hasText: '1' }).waitFor();
      await press(page.getByRole('link', { name: 'Read models' }), page);
      const row = page.locator(`[data-parked="${order.id}"]`);
      await row.locator('.parked-error', { hasText: "can't be read" }).waitFor();
      await press(row.getByRole('button', { name: /^Retry/ }), page);
      await row.getByRole('alert').filter({ hasText: 'it failed again' }).waitFor();
      await row.getByText('2 attempts').waitFor();
      await mend();
      await press(row.getByRole('button', { name: /^Retry/ }), page);
      await page.locator(`[data-outcome="${order.id}"]`, { hasText: 'its rows are up to date' }).waitFor();
      await row.waitFor({ state: 'detached' });

      const before = await position(board);
      await press(page.getByRole('button', { name: 'Rebuild order_view', exact: true }), page);
      await page.locator('[data-rebuild=ended]', { hasText: 'The rebuild is complete' }).waitFor();
      await eventually(async () => expect(await position(board)).toBeGreaterThan(before));
      expect(await board.locator('[data-connection]').innerText()).toBe('Live');
      await board.getByRole('link', { name: 'Orderstream' }).waitFor();
      await board.locator(`[data-column=CONFIRMED] [data-order-id="${order.id}"]`).waitFor();

      // Who did it is in the log.
      await press(page.getByRole('link', { name: 'Log', exact: true }), page);
      await page.getByLabel('Who').selectOption('operator');
      for (const type of ['RebuildRequested', 'StreamRetried']) {
        await page.locator(`[data-event=${type}] .actor`, { hasText: 'operator' }).first().waitFor();
      }
    },
  );

  test('an event that cannot be mended is skipped, after a question, and the order goes on without it', async () => {
    const order = await submitted();
    await parked(order.id);
    const page = await pages.open('/views', { role: 'operator' });
    const row = page.locator(`[data-parked="${order.id}"]`);
    await row.getByRole('button', { name: /^Skip/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await row.count()).toBe(1);
    await row.getByRole('button', { name: /^Skip/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Skip/ }).click();
    await page.locator(`[data-outcome="${order.id}"]`, { hasText: 'skipped' }).waitFor();
    await row.waitFor({ state: 'detached' });
    await command('shipOrder', { orderId: order.id, carrier: 'Own van' }, '__typename');
    const board = await pages.open('/');
    await board.locator(`[data-column=SHIPPED] [data-order-id="${order.id}"]`).waitFor();
  });

  test('a refusal is beside the button that caused it', async () => {
    const page = await pages.open('/views', { role: 'operator' });
    await page.getByRole('button', { name: 'Rebuild order_view', exact: true }).waitFor();
    // Another operator is faster.
    await sql(`INSERT INTO checkpoints (group_name, generation, live, position, hash)
      SELECT 'core', max(generation) + 1, false, 0, '000000000000' FROM checkpoints`);
    await page.getByRole('button', { name: 'Rebuild order_view', exact: true }).click();
    await page.locator('[data-view=order_view] [role=alert]', { hasText: 'A rebuild is running already' }).waitFor();
    await page.getByRole('button', { name: 'Abandon' }).click();
    await page.locator('[data-rebuild=ended]', { hasText: 'abandoned' }).waitFor();
  });

  test('staff see the read models without buttons, and customers how to get there', async () => {
    const staff = await pages.open('/views');
    await staff.locator('[data-view=order_view]').waitFor();
    await staff.getByText('switch to operator').waitFor();
    expect(await staff.getByRole('button', { name: /Rebuild|Retry|Skip/ }).count()).toBe(0);
    const customer = await pages.open('/views', { role: 'customer' });
    await customer.getByRole('heading', { name: 'Read models: only for staff and operator' }).waitFor();
  });

  test('an erased customer has no name on any page, and the event has the name of the operator', async () => {
    const fields = '... on CustomerCommandPayload { customerId }';
    const input = { name: 'Rosalind Franklin', email: 'rosalind@example.com' };
    const { customerId } = await command<{ customerId: string }>('registerCustomer', input, fields);
    const other = await pages.open('/customers');
    await other.locator(`[data-customer="${customerId}"]`, { hasText: 'Rosalind' }).waitFor();
    const page = await pages.open('/customers?q=rosalind', { role: 'operator' });
    await page.getByRole('button', { name: 'Erase Rosalind Franklin' }).click();
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Erase for ever' }).click();
    await page.locator('[data-erasure]', { hasText: 'Customer erased by operator (operator)' }).waitFor();
    await other.locator(`[data-customer="${customerId}"][data-erased=true]`).waitFor();
    expect(await other.locator('body').innerText()).not.toContain('Rosalind');
    await page.getByRole('link', { name: 'show it' }).click();
    await page.locator('.log-detail', { hasText: 'operator' }).waitFor();
    await page.getByRole('heading', { name: 'Customer erased' }).waitFor();
  });

  test('what is typed survives a reload and a refusal, and is live on other pages when it is stored', async () => {
    const other = await pages.open('/customers');
    const page = await pages.open('/customers');
    const row = page.locator(`[data-customer="${sampleCustomerId}"]`);
    await row.getByRole('button', { name: /^Rename/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('  ');
    await page.keyboard.press('Enter');
    await row.getByRole('alert').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Ada King');
    await page.reload();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Ada King');
    await page.getByLabel('Name', { exact: true }).press('Enter');
    await other.locator(`[data-customer="${sampleCustomerId}"]`, { hasText: 'Ada King' }).waitFor();
    await row.getByRole('button', { name: 'Rename Ada King' }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Rename');
  });

  test('a product is added and changed in place, and customers see it at once', async () => {
    const customer = await pages.open('/products', { role: 'customer' });
    await customer.locator('[data-product]').first().waitFor();
    expect(await customer.locator('main').getByRole('button').count()).toBe(0);
    const page = await pages.open('/products');
    await page.getByRole('button', { name: 'Add a product' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Matcha bowl');
    await page.getByLabel('SKU').fill('BOWL');
    await page.getByLabel('Price').fill('a lot');
    await page.keyboard.press('Enter');
    await page.locator('.new-entry [role=alert]').waitFor();
    await page.getByLabel('Price').fill('24,50');
    await page.keyboard.press('Enter');
    await customer.locator('[data-product]', { hasText: 'Matcha bowl' }).getByText('€24.50').waitFor();
    await page.getByRole('switch', { name: 'Matcha bowl can be ordered' }).click();
    await customer.locator('[data-product]', { hasText: 'Matcha bowl' }).getByText('Sold out').waitFor();
  });

  test('the sales move while orders are submitted, one currency and one period at a time, as the URL says', async () => {
    const page = await pages.open('/sales?days=7');
    await submitted();
    const orders = page.locator('[data-sum=orders] dd');
    await orders.waitFor();
    const before = Number((await orders.innerText()).replaceAll(',', ''));
    await submitted();
    await eventually(async () =>
      expect(Number((await orders.innerText()).replaceAll(',', ''))).toBeGreaterThan(before),
    );
    await page.getByRole('radio', { name: 'Year' }).click();
    expect(new URL(page.url()).searchParams.get('days')).toBe('365');
    await page.goto(`${app.url}/sales?currency=JPY`);
    await page.getByRole('heading', { name: 'Nothing was sold in JPY in this period' }).waitFor();
  });

  test('one request is followed through the log, to the order at that version', async () => {
    const order = await submitted();
    const page = await pages.open(`/log?stream=${order.id}`);
    await eventually(async () => expect(await page.locator('.log-row').count()).toBe(3));
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await page.getByRole('heading', { name: 'Order created' }).waitFor();
    await page.getByRole('button', { name: 'Follow this request' }).click();
    // The order and its first line are of one request, the submission is of another one.
    await eventually(async () => expect(await page.locator('.log-row').count()).toBe(2));
    await page.getByRole('button', { name: 'Pause' }).click();
    await submitted();
    await page.getByRole('button', { name: /^Resume, \d+ new$/ }).waitFor();
    await page.getByRole('button', { name: 'Copy as query' }).click();
    await page.locator('.copied .json', { hasText: order.id }).waitFor();
    await page.getByRole('link', { name: `Order ${order.number} at version 1` }).click();
    await page.locator('.past-note').waitFor();
  });

  test.each(['light', 'dark'] as const)('no page has a violation of WCAG AA in the %s theme', async theme => {
    for (const [path, ready] of [
      ['/sales', '.revenue-chart canvas'],
      ['/customers', '[data-customer]'],
      ['/products', '[data-product]'],
      ['/log', '.log-row'],
      ['/views', '[data-process]'],
    ] as const) {
      const page = await pages.open(path, { theme, role: 'operator' });
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.locator(ready).first().waitFor();
        await page.waitForTimeout(150);
        expect(await violations(page), `${path} at ${width} px`).toEqual([]);
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(wide, `${path} at ${width} px`).toBeLessThanOrEqual(width);
      }
      await page.close();
    }
  });
});
