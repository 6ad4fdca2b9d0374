import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { developmentToken } from '../../src/development/development-token.ts';
import { sampleCustomerId, sampleProductId } from '../../src/development/sample-data.ts';
import { launchChromium } from './chromium.ts';
import { consolePages, type ConsolePages } from './console-pages.ts';
import { post } from './post.ts';
import { useApp } from './use-shop.ts';

interface OrderName {
  readonly id: string;
  readonly number: string;
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What breaks a rule of WCAG AA on the page. */
async function violations(page: Page): Promise<unknown> {
  // Through the debugger: the page's own policy forbids scripts that it did not bring.
  await page.evaluate(await axe);
  return page.evaluate(`axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
    id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join('; ')))`);
}

/** A server with the development key on a database of sample data, and a browser with the console's pages. */
export function useConsole() {
  const { database, app } = useApp({ AUTH_JWT_SECRET: undefined });
  let browser: Browser;
  let pages: ConsolePages;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    pages = await consolePages(browser, app.url);
  });
  afterEach(() => pages.close());

  /** Sends an operation as staff, or as a customer. @param subject `staff`, or the id of a customer */
  async function ask<Data>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    subject = 'staff',
  ): Promise<Data> {
    const role = subject === 'staff' ? 'staff' : 'customer';
    const token = (await developmentToken(loadConfig({}).auth, { role, subject }))!;
    return (await post<Data>(app.url, query, variables, { token })).data!;
  }

  /** @param fields selected in the mutation's result @returns what the mutation answers */
  async function command<Answer>(name: string, input: object, fields: string, subject?: string): Promise<Answer> {
    const query = `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) {
      answer: ${name}(input: $input) { ${fields} ... on CommandError { message } } }`;
    return (await ask<{ answer: Answer }>(query, { input }, subject)).answer;
  }

  /** Sends a command about an order, as staff or as the sample customer. */
  async function orderCommand(
    name: string,
    input: object,
    role: 'staff' | 'customer' = 'customer',
  ): Promise<OrderName> {
    const subject = role === 'staff' ? 'staff' : sampleCustomerId;
    const fields = '... on OrderCommandPayload { order { id number } }';
    return (await command<{ order: OrderName }>(name, input, fields, subject)).order;
  }

  const items = [{ productId: sampleProductId, quantity: 2 }];

  async function submitted(): Promise<OrderName> {
    const order = await orderCommand('createOrder', { items });
    await orderCommand('submitOrder', { orderId: order.id });
    return order;
  }

  return {
    database,
    app,
    pages: { open: (...page: Parameters<ConsolePages['open']>) => pages.open(...page) },
    ask,
    command,
    orderCommand,
    items,
    submitted,
    card: (page: Page, id: string, status: string) => page.locator(`[data-column=${status}] [data-order-id="${id}"]`),
    violations,
  };
}
