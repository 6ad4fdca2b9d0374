import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import { onDatabase } from '../support/on-database.ts';
import { differences } from './at-rest.ts';
import { type BoardPage, type BoardTabs, openTabs, until } from './board-page.ts';
import { command } from './commands.ts';
import { type Front, openFront } from './front.ts';
import { goOffline } from './scenarios.ts';
import type { StageOptions } from './stage.ts';
import type { World } from './world.ts';

/** What became of commands that were clicked offline. */
export interface QueueOutcome {
  readonly board: string;
  readonly queued: number;
  readonly applied: number;
  readonly refused: number;
  /** A line for each thing that must not happen. */
  readonly wrong: readonly string[];
}

interface Offline {
  readonly world: World;
  readonly front: Front;
  readonly context: BrowserContext;
  readonly tabs: BoardTabs;
  /** Orders whose commands are queued; the first ones are cancelled by another person in the same time. */
  readonly orders: readonly string[];
  readonly cancelled: ReadonlySet<string>;
  readonly wrong: string[];
}

const deeds = [
  { name: 'confirmOrder', status: 'CONFIRMED', event: 'OrderConfirmed' },
  { name: 'shipOrder', status: 'SHIPPED', event: 'OrderShipped' },
  { name: 'deliverOrder', status: 'DELIVERED', event: 'OrderDelivered' },
] as const;

/** The columns that the orders pass. */
const moving = ['SUBMITTED', ...deeds.map(({ status }) => status)];

/** @param orderCount number of orders; each gets three commands */
export async function runOfflineQueue(options: Omit<StageOptions, 'rate'>, orderCount: number): Promise<QueueOutcome> {
  const { browser, observer, board, world } = options;
  await world.replaceLog(); // all orders are as they were in the beginning
  const front = await openFront(board.folder, world.url);
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  try {
    const tabs = await openTabs(context, observer, front.url);
    const [one, other] = [await tabs.open('staff'), await tabs.open('staff')];
    const orders = await submittedOrders([one, other], orderCount);
    const cancelled = new Set(orders.slice(0, Math.ceil(orderCount / 6)));
    const offline: Offline = { world, front, context, tabs, orders, cancelled, wrong: [] };
    await clickOffline(offline, one, other);
    await cancelMeanwhile(offline);
    const last = await sendWithACrash(offline, one);
    const refused = (await last.shown()).refusals.length;
    const applied = await checkLog(offline);
    await checkAnswers(offline, last, refused, applied);
    return { board: board.name, queued: orderCount * deeds.length, applied, refused, wrong: offline.wrong };
  } finally {
    await context.close();
    await front.close();
  }
}

/** Lets both tabs show that many submitted orders, and as many more in each column through which they will move. */
async function submittedOrders(tabs: readonly BoardPage[], orderCount: number): Promise<string[]> {
  for (const tab of tabs) {
    await until(`there are no ${orderCount} submitted orders`, async () => {
      const { columns } = await tab.shown();
      const short = columns.filter(({ name, cards }) => moving.includes(name) && cards.length < orderCount);
      for (const { name } of short) await tab.press(`[data-column="${name}"] button[data-action="more"]`);
      await sleep(100);
      return short.every(({ hasMore }) => !hasMore) && cardsIn(tab, 'SUBMITTED').length >= orderCount;
    });
  }
  const shownByBoth = cardsIn(tabs[0]!, 'SUBMITTED').filter(id => tabs[1]!.judge.cards.has(id));
  return shownByBoth.slice(0, orderCount);
}

function cardsIn({ judge }: BoardPage, status: string): string[] {
  return [...judge.cards.values()].filter(card => card.status === status).map(({ id }) => id);
}

/** Clicks in two tabs in turn, loads one of them again, and crashes the other. */
async function clickOffline(offline: Offline, one: BoardPage, other: BoardPage): Promise<void> {
  const { context, front, orders, wrong } = offline;
  await goOffline(offline);
  // The browser has the page's files, as with a service worker.
  const files = await keptFiles(front.url);
  await context.route(
    url => files.has(url.href),
    route => route.fulfill(files.get(route.request().url())),
  );
  const [confirm, ship, deliver] = deeds;
  await clickAll(offline, one, confirm);
  await allShow(other, orders, confirm.status);
  await clickAll(offline, other, ship);
  await allShow(one, orders, ship.status);
  wrong.push(...steppedBack(one));
  await one.page.reload();
  await clickAll(offline, other, deliver);
  wrong.push(...steppedBack(other));
  await crash(other);
  await context.unrouteAll();
}

async function clickAll({ orders, wrong }: Offline, tab: BoardPage, { name, status }: (typeof deeds)[number]) {
  for (const id of orders) {
    const pressed = await tab.press(`[data-order-id="${id}"] button[data-command="${name}"]`);
    if (!pressed) wrong.push(`${id}: there is no button ${name}`);
  }
  await allShow(tab, orders, status);
}

async function allShow({ judge }: BoardPage, orders: readonly string[], status: string): Promise<void> {
  await until(`orders do not become ${status} offline`, () =>
    orders.every(id => judge.cards.get(id)?.status === status),
  );
}

async function crash(tab: BoardPage): Promise<void> {
  const crashed = tab.page.waitForEvent('crash');
  tab.devTools.send('Page.crash').catch(() => undefined);
  await crashed;
  await tab.page.close();
}

async function cancelMeanwhile({ world, cancelled }: Offline): Promise<void> {
  for (const orderId of cancelled) {
    await command(() => world.url, 'cancelOrder', { orderId, reason: 'changed my mind' });
  }
}

/** @returns the last tab, when all is sent */
async function sendWithACrash(offline: Offline, one: BoardPage): Promise<BoardPage> {
  const { context, tabs, world, orders, wrong } = offline;
  await context.setOffline(false);
  const last = await tabs.open('staff');
  await until('nothing is sent', async () => (await appliedEvents(offline)).length >= orders.length / 3);
  await crash(one);
  await until('the queue is not sent', async () => (await last.shown()).queued === 0);
  let different: string[] = [];
  await until('', async () => {
    different = await differences(await last.shown(), () => world.url, undefined);
    return different.length === 0;
  }).catch(() => wrong.push(...different));
  wrong.push(...steppedBack(last), ...shownTooEarly(offline, last));
  return last;
}

function steppedBack({ judge }: BoardPage): string[] {
  return judge.findings.steppedBack.map(line => `stepped back: ${line}`);
}

/** A page that is loaded shows at once what the person did before. */
function shownTooEarly({ orders, cancelled }: Offline, { judge }: BoardPage): string[] {
  const firsts = orders.map(id => [id, judge.firstStatuses.get(id)] as const);
  const early = firsts.filter(([id, first]) => !cancelled.has(id) && first !== undefined && first !== 'DELIVERED');
  return early.map(([id, first]) => `${id} was shown as ${first} although its delivery was queued`);
}

interface AppliedEvent {
  readonly id: string;
  readonly type: string;
}

/** The events of the orders in the log, except those of the seed. */
function appliedEvents({ world, orders }: Offline): Promise<AppliedEvent[]> {
  const types = deeds.map(({ event }) => event);
  return onDatabase(world.databaseUrl, async client => {
    const { rows } = await client.query<AppliedEvent>(
      'SELECT stream_id AS id, type FROM events WHERE stream_id = ANY($1) AND type = ANY($2) ORDER BY position',
      [orders, types],
    );
    return rows;
  });
}

/** @returns the number of commands that were applied */
async function checkLog(offline: Offline): Promise<number> {
  const events = await appliedEvents(offline);
  const expected = deeds.map(({ event }) => event).join();
  for (const id of offline.orders) {
    const types = events.filter(event => event.id === id).map(({ type }) => type).join(); // prettier-ignore
    const right = offline.cancelled.has(id) ? '' : expected;
    if (types !== right) offline.wrong.push(`${id}: ${types || 'nothing'} was stored, not ${right || 'nothing'}`);
  }
  return events.length;
}

async function checkAnswers(offline: Offline, last: BoardPage, refused: number, applied: number): Promise<void> {
  const { orders, cancelled, wrong } = offline;
  const answered = new Set((await last.shown()).refusals.map(({ orderId }) => orderId));
  for (const id of cancelled) if (!answered.has(id)) wrong.push(`${id}: its refusal is not shown`);
  for (const id of answered) if (!cancelled.has(id)) wrong.push(`${id}: a refusal is shown`);
  const expected = orders.length * deeds.length;
  if (applied + refused !== expected) wrong.push(`${applied} applied and ${refused} refused, not ${expected}`);
}

interface KeptFile {
  readonly body: Buffer;
  readonly contentType: string;
}

/** The page and all that it loads, by URL. */
async function keptFiles(url: string): Promise<Map<string, KeptFile>> {
  const kept = new Map<string, KeptFile>();
  const keep = async (href: string): Promise<string> => {
    const answer = await fetch(href);
    const body = Buffer.from(await answer.arrayBuffer());
    kept.set(href, { body, contentType: answer.headers.get('content-type') ?? '' });
    return body.toString();
  };
  const html = await keep(`${url}/`);
  for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) await keep(new URL(path, `${url}/`).href);
  return kept;
}
