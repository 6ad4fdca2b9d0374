import { setTimeout as sleep } from 'node:timers/promises';
import type { Performer } from '../checker/perform.ts';
import { type Command, customerCount, customerIdOf, orderIdOf, ownerOf, type Plan } from '../checker/plan.ts';
import { post } from '../support/post.ts';
import { staffToken } from '../support/tokens.ts';

const writers = 4;
const readers = 2;
/** Pause after each command, ms: the test is not about load, and every payload stays in memory. */
const breath = 100;

/** What clients saw that no client may see, and how long clients waited for their own writes. */
export interface Traffic {
  readonly faults: readonly string[];
  readonly commands: number;
  readonly queries: number;
  /** From the response of a command to the lists that reflect it, ms, since the last call. */
  takeWaits(): number[];
  /** Waits until all requests in flight are answered. */
  stop(): Promise<void>;
}

interface Page {
  readonly position: string;
  readonly nodes: readonly { readonly id: string; readonly position: string }[];
}

const ownWrite = /* GraphQL */ `
  query ($order: ID!, $customer: ID!, $atLeast: Position) {
    order(id: $order, atLeast: $atLeast) {
      position
    }
    orders(first: 20, orderBy: { field: UPDATED_AT, direction: DESC }, atLeast: $atLeast) {
      position
      nodes {
        id
        position
      }
    }
    customer(id: $customer, atLeast: $atLeast) {
      orders(first: 100) {
        position
        nodes {
          id
          position
        }
      }
    }
  }
`;

/** Every list and sum, each with the position of its page if it has one. */
const lists = [
  `query { list: orders(first: 20) { position nodes { id } totalCount } }`,
  `query { list: orders(first: 20, filter: { search: "thing" }, orderBy: { field: TOTAL, direction: ASC }) { position nodes { id } } }`,
  `query { list: orders(first: 20, filter: { statusIn: [DELIVERED] }) { position nodes { id customer { name } } } }`,
  `query { list: customers(first: 20, search: "customer") { position nodes { id } } }`,
  `query { list: products(first: 20) { position nodes { id } } }`,
  `query ($customer: ID!) { customer(id: $customer) { orderTotals { orderCount } orders(first: 20) { nodes { id } } } }`,
  `query { salesByDay(from: "2020-01-01", to: "2100-01-01", currency: "EUR") { orderCount } }`,
  `query { topProducts(currency: "EUR") { unitsSold } }`,
];

/** Commands and queries of several clients, on every node, until they are stopped. */
export function startTraffic(plan: Plan, urls: readonly string[], performer: Performer): Traffic {
  const commands = plan.phases.flatMap(phase => phase.commands);
  const faults: string[] = [];
  const state = { over: false, next: 0, queries: 0, node: 0 };
  let waits: number[] = [];

  function fault(what: string): void {
    faults.push(what);
  }

  async function ask<Data>(document: string, variables: object): Promise<Data | undefined> {
    const url = urls[state.node++ % urls.length]!;
    const answer = await post<Data, object>(url, document, variables, { token: await staffToken() });
    state.queries++;
    if (!answer.errors && answer.data) return answer.data;
    fault(`${document.slice(0, 60)}…: ${JSON.stringify(answer.errors)}`);
    return undefined;
  }

  /** Reads the effect of a command as its caller does, on any node. */
  async function expectSeen(command: Command, atLeast: string): Promise<void> {
    const order = orderIdOf(plan, command.order);
    const customer = customerIdOf(plan, ownerOf(command.order));
    const from = performance.now();
    const data = await ask<{ order: { position: string }; orders: Page; customer: { orders: Page } }>(ownWrite, {
      order,
      customer,
      atLeast,
    });
    waits.push(performance.now() - from);
    if (!data) return;
    const { orders, customer: of } = data;
    const own = of.orders.nodes.find(node => node.id === order);
    const listed = orders.nodes.find(node => node.id === order);
    const seen = [data.order.position, orders.position, of.orders.position, own?.position ?? ''];
    if (listed) seen.push(listed.position);
    if (seen.some(position => position < atLeast)) fault(`stale: ${seen.join(' ')}, at least ${atLeast} was asked for`);
  }

  async function write(): Promise<void> {
    while (!state.over) {
      const index = state.next++;
      const command = commands[index % commands.length]!;
      const position = await performer.perform(command, `traffic-${index}`);
      if (position !== undefined) await expectSeen(command, position);
      await sleep(breath);
    }
  }

  async function read(): Promise<void> {
    let seen = '';
    for (let turn = 0; !state.over; turn++) {
      const variables = { customer: customerIdOf(plan, turn % customerCount) };
      const data = await ask<{ list?: Page }>(lists[turn % lists.length]!, variables);
      const position = data?.list?.position ?? seen;
      if (position < seen) fault(`a list at ${position} after one at ${seen}`);
      seen = position;
      await sleep(breath);
    }
  }

  const running = [...Array.from({ length: writers }, write), ...Array.from({ length: readers }, read)];
  return {
    faults,
    get commands() {
      return state.next;
    },
    get queries() {
      return state.queries;
    },
    takeWaits() {
      const taken = waits;
      waits = [];
      return taken;
    },
    async stop() {
      state.over = true;
      await Promise.all(running);
    },
  };
}
