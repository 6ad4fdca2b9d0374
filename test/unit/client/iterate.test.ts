import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../../src/client/graphql-ws.ts';
import { createStreamClient, type StreamClient } from '../../../src/client/sse.ts';
import { eventually } from '../../support/eventually.ts';
import { staffToken } from '../../support/tokens.ts';
import { next, Source, tick } from '../graphql/mini-schema.ts';
import { startMiniServer } from '../server/mini-server.ts';

/** The first number, and how many: more than the system buffers for one connection. */
const [first, events] = [100, 3_000];
let sources: Source[] = [];

/** Each subscriber gets what comes after its position, as in a feed of events. */
function openFeed(): void {
  sources = [];
  Object.defineProperty(next, 'source', {
    configurable: true,
    get() {
      const source = new Source();
      const from = next.after ? next.after.point + 1 : first;
      source.give(...Array.from({ length: first + events - from }, (_, index) => tick(from + index)));
      sources.push(source);
      return source;
    },
  });
}
afterEach(() => Object.defineProperty(next, 'source', { configurable: true, writable: true, value: new Source() }));

/** Frames that are large enough to fill the buffers in between. */
const query = `subscription { ${'x'.repeat(10_000)}: ticks }`;

const open: Readonly<Record<string, (url: string, token: string) => Pick<StreamClient, 'iterate'>>> = {
  WebSocket: (url, token) =>
    createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      token: () => token,
    }) as unknown as StreamClient,
  SSE: (url, token) => createStreamClient({ url, token: () => token }),
};

test.each(['WebSocket', 'SSE'])('a slow loop over %s buffers little, and gets each event once, in order', async way => {
  openFeed();
  const { url } = await startMiniServer();
  const frames = open[way]!(`${url}/graphql`, await staffToken()).iterate<Record<string, number>>({ query });
  async function point(): Promise<unknown> {
    const { value } = (await frames.next()) as { value: { data?: Record<string, number> } };
    return Object.values(value.data ?? {})[0];
  }
  const points = [await point()];
  await eventually(async () => {
    const before = sources[0]!.asked;
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(sources[0]!.asked).toBe(before);
  });
  expect(sources[0]!.asked).toBeLessThan(events);
  while (points.length < events) points.push(await point());
  expect(points).toEqual(Array.from({ length: events }, (_, index) => first + index));
  await frames.return!();
});

test.each(['WebSocket', 'SSE'])(
  'a loop over %s that reads in bursts, and lags again at once, gets each event once, in order, up to the last one',
  async way => {
    openFeed();
    const { url } = await startMiniServer();
    const frames = open[way]!(`${url}/graphql`, await staffToken()).iterate<{ ticks: number }>({
      query: 'subscription { ticks }',
    });
    const points: unknown[] = [];
    while (points.length < events) {
      // All of it in one turn of the event loop, so that more arrives before any request is processed.
      for (let taken = 0; taken < 501 && points.length < events; taken++) {
        points.push(((await frames.next()) as { value?: { data?: { ticks: number } } }).value?.data?.ticks);
      }
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    expect(points).toEqual(Array.from({ length: events }, (_, index) => first + index));
    await frames.return!();
  },
);
