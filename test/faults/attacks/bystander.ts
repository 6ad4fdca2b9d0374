// Orders, reads and watches as any customer does, until it is stopped; prints a JSON line for each response. It runs
// in its own process, so that it never waits for the attackers.
import { WebSocket } from 'ws';
import { createClient } from 'graphql-ws';
import { CreateOrderDocument, CustomerOrdersUpdatedDocument, OrderDocument } from '../../generated/graphql.ts';
import { accepted } from '../../support/accepted.ts';
import { post } from '../../support/post.ts';
import { stoodStill } from '../../support/standstill.ts';

const [url = '', token = '', customerId = '', productId = ''] = process.argv.slice(2);
/** A frame that takes longer counts as lost, ms. */
const frameTimeoutMs = 10_000;
/** Pause between orders, ms: a customer in a hurry, and no load. */
const pause = 50;

/** Orders by id: when they were requested, and when they arrived. A frame may arrive before the response. */
const ordered = new Map<string, number>();
const came = new Map<string, number>();

/** Longest time in which this process did not run, ms: what it received late because of that does not count. */
function ran(since: number, until: number): number {
  return until - since - stoodStill(since, until);
}

function settle(id: string): void {
  const [since, at] = [ordered.get(id), came.get(id)];
  if (since === undefined || at === undefined) return;
  ordered.delete(id);
  console.log(JSON.stringify({ what: 'frame', ms: ran(since, at) }));
}

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

function say(what: string, since: number, error?: string): void {
  console.log(JSON.stringify({ what, ms: ran(since, performance.now()), error }));
}

const client = createClient({
  url: `${url.replace('http', 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  retryAttempts: 0,
  lazy: false,
});
const failed = (error: unknown): void => {
  if (!stop.signal.aborted) say('subscription', performance.now(), JSON.stringify(error));
};
client.on('closed', failed);
let markLive = () => {};
const live = new Promise<void>(resolve => (markLive = resolve));
client.subscribe<{ customerOrdersUpdated: { order: { id: string } | null } }>(
  { query: String(CustomerOrdersUpdatedDocument), variables: { customerId } },
  {
    next: ({ data, errors }) => {
      if (errors) failed(errors);
      markLive();
      const id = data?.customerOrdersUpdated.order?.id ?? '';
      if (id !== '') came.set(id, performance.now());
      settle(id);
    },
    error: failed,
    complete: () => failed('the subscription ended'),
  },
);

// An order from before the first frame may be part of the state behind that frame: it need not get its own frame.
await live;
while (!stop.signal.aborted) {
  const since = performance.now();
  try {
    const input = { items: [{ productId, quantity: 1 }] };
    const { orderId, position } = accepted(await post(url, CreateOrderDocument, { input }, { token }));
    say('command', since);
    ordered.set(orderId, since);
    settle(orderId);
    const asked = performance.now();
    const { data, errors } = await post(url, OrderDocument, { id: orderId, atLeast: position }, { token });
    say('query', asked, data?.order?.id === orderId ? undefined : JSON.stringify(errors));
  } catch (error) {
    say('answer', since, String(error));
  }
  await new Promise(resolve => setTimeout(resolve, pause));
}
const deadline = performance.now() + frameTimeoutMs;
while (ordered.size > 0 && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20));
for (const [id, since] of ordered)
  say('frame', since, `${id}, ordered ${Math.round(since)} ms after the start, never came`);
await client.dispose();
