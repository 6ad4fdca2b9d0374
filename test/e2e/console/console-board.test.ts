// The rest of the console in Chromium is a proof: test/console.
import { expect, test } from 'vitest';
import { describeWithChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { useConsole } from '../../support/use-console.ts';

describeWithChromium('the board of the console in Chromium', () => {
  const { pages, orderCommand: command, items, submitted, card } = useConsole();

  test('a card moves to its column when another person acts, and the counts follow', async () => {
    const order = await command('createOrder', { items });
    const page = await pages.open();
    await card(page, order.id, 'DRAFT').waitFor();
    const before = Number(await page.locator('[data-count=SUBMITTED]').innerText());
    await command('submitOrder', { orderId: order.id });
    await card(page, order.id, 'SUBMITTED').waitFor();
    await card(page, order.id, 'DRAFT').waitFor({ state: 'detached' });
    await eventually(async () =>
      expect(Number(await page.locator('[data-count=SUBMITTED]').innerText())).toBe(before + 1),
    );
    expect(await page.locator('[data-connection]').innerText()).toBe('Live');
  });

  test('after a cut the board has every update once: nothing lost, nothing repeated', async () => {
    const [first, second] = [await submitted(), await submitted()];
    const page = await pages.open();
    await card(page, second.id, 'SUBMITTED').waitFor();
    await page.getByRole('button', { name: 'Cut my connection' }).click();
    expect(await page.locator('[data-connection]').innerText()).toBe('Cut by you');
    await command('confirmOrder', { orderId: first.id }, 'staff');
    await command('shipOrder', { orderId: first.id, carrier: 'Own van' }, 'staff');
    await command('cancelOrder', { orderId: second.id, reason: 'Changed my mind' });
    const third = await command('createOrder', { items: [] });
    await page.waitForTimeout(300);
    expect(await card(page, first.id, 'SUBMITTED').count()).toBe(1);
    await page.getByRole('button', { name: 'Connect again' }).click();
    const report = await page.locator('[data-report]').innerText();
    expect(report).toMatch(/^3 updates caught up, 0 lost, 0 repeated, \d+ ms$/);
    expect(await page.locator('.cut-line').innerText()).toContain('4 events of the log');
    await card(page, first.id, 'SHIPPED').waitFor();
    await card(page, second.id, 'CANCELLED').waitFor();
    await card(page, third.id, 'DRAFT').waitFor();
  });
});
