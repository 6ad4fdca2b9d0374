import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderStatus } from '../generated/graphql.ts';
import { asked, type ChangedOrder, command, type CommandName } from './commands.ts';
import type { Seed } from './seed.ts';

/** Commands of other people, a given number a second. */
export interface Traffic {
  /** Number of accepted commands. */
  readonly accepted: number;
  /** Ships an order as soon as it is confirmed: another person was waiting for that. */
  follow(orderId: string): void;
  /** Sends no more, and resolves when all outcomes are known. */
  stop(): Promise<void>;
}

interface Order {
  readonly id: string;
  status: string;
  line: { readonly id: string; readonly quantity: number } | undefined;
}

/** Few, so that the newest drafts are always on a board's first page. */
const mostDrafts = 12;
const leastOfAStatus = 4;
/** How long another person waits for an order that this one confirms, ms. */
const followMs = 5_000;

/** The step that takes an order out of a status. */
const steps: Partial<Record<OrderStatus, CommandName>> = {
  DRAFT: 'submitOrder',
  SUBMITTED: 'confirmOrder',
  CONFIRMED: 'shipOrder',
  SHIPPED: 'deliverOrder',
};

/** @param url of a node, asked for before each attempt */
export async function startTraffic(
  url: () => string,
  { customerIds, productId, probe }: Seed,
  rate: number,
): Promise<Traffic> {
  const orders = new Map<string, Order>();
  for (const statusIn of Object.keys(steps)) {
    const { orders: page } = await asked<OrdersPage>(url, ordersDocument, { statusIn });
    for (const order of page.nodes) if (order.id !== probe) keep(order);
  }
  const busy = new Set<string>();
  const inFlight = new Set<Promise<void>>();
  let accepted = 0;

  const of = (status: string) => [...orders.values()].filter(order => order.status === status && !busy.has(order.id));

  function nextDeed(): Promise<void> | undefined {
    let next: Promise<void> | undefined;
    for (let tries = 0; next === undefined && tries < 20; tries++) next = deed();
    return next;
  }

  /** @returns undefined if this one is not possible now */
  function deed(): Promise<void> | undefined {
    const dice = Math.random();
    if (dice < 0.3) return changeQuantity();
    if (dice < 0.45) return of('DRAFT').length < mostDrafts ? create() : undefined;
    const status = oneOf(['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED'] as const);
    const some = of(status);
    const order = some.length > leastOfAStatus ? oneOf(some) : undefined;
    if (order === undefined) return undefined;
    const cancels = Math.random() < 0.05 && status !== 'SHIPPED';
    return act(order, cancels ? 'cancelOrder' : steps[status]!);
  }

  async function create(): Promise<void> {
    const items = [{ productId, quantity: 1 }];
    note(await command(url, 'createOrder', { customerId: oneOf(customerIds), items }));
  }

  function changeQuantity(): Promise<void> | undefined {
    const order = oneOf(of('DRAFT'));
    if (order?.line === undefined) return undefined;
    const { id: lineId, quantity } = order.line;
    return act(order, 'changeOrderItemQuantity', { lineId, quantity: 1 + (quantity % 9) });
  }

  function act({ id }: Order, name: CommandName, more: object = {}): Promise<void> {
    return exclusively(id, async () => {
      const changed = await command(url, name, inputOf(name, id, more));
      if (changed === undefined) await refresh(id);
      else note(changed);
    });
  }

  async function exclusively(id: string, use: () => Promise<void>): Promise<void> {
    busy.add(id);
    await use().finally(() => busy.delete(id));
  }

  /** Another person has changed it, or it is not in this log. */
  async function refresh(id: string): Promise<void> {
    const { order } = await asked<{ order: ChangedOrder | null }>(url, orderDocument, { id });
    if (order === null) orders.delete(id);
    else keep(order);
  }

  function note(order: ChangedOrder | undefined): void {
    if (order === undefined) return;
    accepted++;
    keep(order);
  }
  function keep({ id, status, lines: [line] }: ChangedOrder): void {
    orders.set(id, { id, status, line });
  }

  function track(promise: Promise<void> | undefined): void {
    if (promise === undefined) return;
    const tracked = promise.finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  }

  async function shipWhenConfirmed(id: string): Promise<void> {
    const deadline = performance.now() + followMs;
    while (performance.now() < deadline) {
      const changed = await command(url, 'shipOrder', inputOf('shipOrder', id));
      note(changed);
      if (changed !== undefined) return;
      await sleep(20);
    }
  }

  const timer = setInterval(() => track(nextDeed()), 1_000 / rate);
  return {
    get accepted() {
      return accepted;
    },
    follow: id => track(exclusively(id, () => shipWhenConfirmed(id))),
    stop: async () => {
      clearInterval(timer);
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}

const fields = 'id version status lines { id quantity }';
export const orderDocument = `query ($id: ID!) { order(id: $id) { ${fields} } }`;
const ordersDocument = `query ($statusIn: [OrderStatus!]) {
  orders(first: 100, filter: { statusIn: $statusIn }) { nodes { ${fields} } } }`;

interface OrdersPage {
  readonly orders: { readonly nodes: readonly ChangedOrder[] };
}

function inputOf(name: CommandName, orderId: string, more: object = {}): object {
  if (name === 'shipOrder') return { orderId, carrier: 'United Package' };
  if (name === 'cancelOrder') return { orderId, reason: 'changed my mind' };
  return { orderId, ...more };
}

function oneOf<Choice>(choices: readonly [Choice, ...Choice[]]): Choice;
function oneOf<Choice>(choices: readonly Choice[]): Choice | undefined;
function oneOf<Choice>(choices: readonly Choice[]): Choice | undefined {
  return choices[Math.floor(Math.random() * choices.length)];
}
