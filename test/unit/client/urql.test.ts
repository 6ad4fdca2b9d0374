import { cacheExchange, Client, type Exchange } from '@urql/core';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys, possibleTypes } from '../../../src/client/index.ts';
import { orderstreamExchanges, urqlOperations } from '../../../src/client/urql.ts';
import {
  at,
  type ControlledSession,
  controlledSession,
  frameOf,
  orderAt,
  tokenOf,
} from '../../support/controlled-session.ts';
import { eventually } from '../../support/eventually.ts';

const query = 'query ($id: ID!) { order(id: $id) { status } }';
const watch = parse('subscription ($id: ID!) { orderUpdated(id: $id) { kind order { status } } }');
const variables = { id: 'ord_1' };

const caches: Record<string, () => Exchange> = {
  'the document cache': () => cacheExchange,
  Graphcache: () => graphcache({ keys, possibleTypes }),
};

describe.each(Object.entries(caches))('with %s', (_, cache) => {
  let controlled: ControlledSession;
  let client: Client;
  /** The states that a page shows. */
  let shown: unknown[];

  beforeEach(async () => {
    controlled = controlledSession();
    const { session, requests } = controlled;
    client = new Client({
      url: session.url,
      preferGetMethod: false,
      exchanges: orderstreamExchanges(session, cache()),
    });
    shown = [];
    client
      .query(query, variables)
      .subscribe(({ data }) => shown.push((data as { order?: { status: unknown } } | undefined)?.order?.status));
    await eventually(() => expect(requests.length).toBe(1));
    requests[0]!.answer({ data: { order: orderAt(3, 'SUBMITTED') }, extensions: { position: at(3) } });
    await eventually(() => expect(shown).toEqual(['SUBMITTED']));
  });
  afterEach(() => {
    controlled.session.close();
  });

  async function subscribed(frames: unknown[] = []) {
    const { transports, session } = controlled;
    const before = transports[0]?.streams.length ?? 0;
    const leave = urqlOperations(client, session).subscribe(watch, variables, {
      next: ({ extensions }) => frames.push(extensions?.['position']),
      error: error => frames.push(error),
      complete: () => frames.push('complete'),
    });
    await eventually(() => expect(transports[0]?.streams.length).toBe(before + 1));
    return { stream: transports[0]!.streams[before]!, leave };
  }

  test('an active query shows the state of a frame, and no older one afterwards', async () => {
    const { stream } = await subscribed();
    stream.next(frameOf(5, 'SHIPPED'));
    await eventually(() => expect(shown.at(-1)).toBe('SHIPPED'));
    client.query(query, variables, { requestPolicy: 'network-only' }).subscribe(() => undefined);
    await eventually(() => expect(controlled.requests.length).toBe(2));
    controlled.requests[1]!.answer({ data: { order: orderAt(4, 'CONFIRMED') }, extensions: { position: at(4) } });
    const late = await client.query(query, variables, { requestPolicy: 'cache-first' }).toPromise();
    expect(late.data).toMatchObject({ order: { status: 'SHIPPED' } });
    expect(new Set(shown)).toEqual(new Set(['SUBMITTED', 'SHIPPED']));
    expect(controlled.requests.length).toBe(2);
  });

  test('an optimistic value is shown until the state at its position is known, with no older state between', async () => {
    const { stream } = await subscribed();
    const overlay = controlled.session.overlays.add('Order:ord_1', { status: 'CONFIRMED' });
    await eventually(() => expect(shown.at(-1)).toBe('CONFIRMED'));
    overlay.confirm(at(4));
    stream.next(frameOf(4, 'CONFIRMED'));
    stream.next(frameOf(5, 'SHIPPED'));
    await eventually(() => expect(shown.at(-1)).toBe('SHIPPED'));
    expect(shown.filter((status, index) => status !== shown[index - 1])).toEqual(['SUBMITTED', 'CONFIRMED', 'SHIPPED']);
  });

  test('a withdrawn optimistic value disappears', async () => {
    const overlay = controlled.session.overlays.add('Order:ord_1', { status: 'CONFIRMED' });
    await eventually(() => expect(shown.at(-1)).toBe('CONFIRMED'));
    overlay.withdraw();
    await eventually(() => expect(shown.at(-1)).toBe('SUBMITTED'));
  });

  test('two equal subscriptions both get every frame; each ends alone', async () => {
    const [first, second]: unknown[][] = [[], []];
    const one = await subscribed(first);
    const two = await subscribed(second);
    one.stream.next(frameOf(4, 'CONFIRMED'));
    two.stream.next(frameOf(4, 'CONFIRMED'));
    one.leave();
    expect(one.stream.left).toBe(true);
    two.stream.next(frameOf(5, 'SHIPPED'));
    await eventually(() => expect([first, second]).toEqual([[at(4)], [at(4), at(5)]]));
  });

  test('after logout subscriptions complete, and nothing of the viewer arrives', async () => {
    const frames: unknown[] = [];
    const { stream } = await subscribed(frames);
    controlled.session.logout();
    stream.next(frameOf(5, 'SHIPPED'));
    await eventually(() => expect(frames).toEqual(['complete']));
    expect(shown).toEqual(['SUBMITTED']);
  });

  test('the next viewer gets nothing that the cache holds of the one before', async () => {
    const { session, requests } = controlled;
    const other = { id: 'ord_2' };
    const answerOther = (index: number, status: string) => {
      requests[index]!.answer({ data: { order: { ...orderAt(4, status), id: 'ord_2' } } });
    };
    const inactive = client.query(query, other).subscribe(() => undefined);
    await eventually(() => expect(requests.length).toBe(2));
    answerOther(1, 'SUBMITTED');
    await eventually(() => expect(session.entities.known('Order:ord_2')).toBeDefined());
    inactive.unsubscribe();

    session.logout();
    controlled.token = () => tokenOf('cus_2');
    const next: unknown[] = [];
    const statusOf = ({ data, error }: { data?: unknown; error?: Error | undefined }) =>
      error?.message ?? (data as { order: { status: unknown } }).order.status;
    const read = (variables: object) => client.query(query, variables).subscribe(result => next.push(statusOf(result)));
    const first = read(other);
    await eventually(() => expect(requests.length).toBe(3));
    expect(next).toEqual([]);
    answerOther(2, 'CONFIRMED');
    await eventually(() => expect(next).toEqual(['CONFIRMED']));
    first.unsubscribe();

    // What is on the screen since the viewer before is fetched again, too. Without data the cache keeps the old result.
    await eventually(() => expect(requests.length).toBe(4));
    requests[3]!.answer({ errors: [{ message: 'No.' }] });
    await eventually(() => expect(shown.at(-1)).toBe(undefined));
    expect(requests.map(({ body }) => body.variables['id'])).toEqual(['ord_1', 'ord_2', 'ord_2', 'ord_1']);

    // What was fetched for this viewer comes from the cache.
    read(other);
    await eventually(() => expect(next).toEqual(['CONFIRMED', 'CONFIRMED']));
    expect(requests.length).toBe(4);
  });

  test('another viewer’s token makes the cache’s results of the one before unusable at once', async () => {
    const { session, requests } = controlled;
    const inactive = client.query(query, { id: 'ord_2' }).subscribe(() => undefined);
    await eventually(() => expect(requests.length).toBe(2));
    requests[1]!.answer({ data: { order: { ...orderAt(4, 'SUBMITTED'), id: 'ord_2' } } });
    await eventually(() => expect(session.entities.known('Order:ord_2')).toBeDefined());
    inactive.unsubscribe();
    controlled.token = () => tokenOf('cus_2');
    await session.identify();
    await eventually(() => expect(requests.length).toBe(3)); // the active query
    const next: unknown[] = [];
    client.query(query, { id: 'ord_2' }).subscribe(({ data }) => next.push(data));
    await eventually(() => expect(requests.length).toBe(4));
    expect(next).toEqual([]);
  });

  test('after RESYNC active queries are asked again, once, and the older versions of the new log are shown', async () => {
    const { session, requests, transports } = controlled;
    await subscribed();
    session.seen.reset(at(2));
    transports[0]!.options.onResync(at(2));
    await eventually(() => expect(requests.length).toBe(2));
    requests[1]!.answer({ data: { order: orderAt(2, 'DRAFT') }, extensions: { position: at(2) } });
    await eventually(() => expect(shown.at(-1)).toBe('DRAFT'));
    expect(requests.length).toBe(2);
  });

  test('leaving a query before its answer ends the request without an error', async () => {
    const left = client
      .query(query, { id: 'ord_2' }, { requestPolicy: 'network-only' })
      .subscribe(() => shown.push('late'));
    await eventually(() => expect(controlled.requests.length).toBe(2));
    left.unsubscribe();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(shown).toEqual(['SUBMITTED']);
  });
});
