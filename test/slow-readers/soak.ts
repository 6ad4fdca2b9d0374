import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp } from '../support/app.ts';
import { post } from '../support/post.ts';
import { openShop, type Shop } from '../support/shop.ts';

export interface Soak {
  readonly databaseUrl: string;
  /** Sockets on one order that read. */
  readonly readers: number;
  /** Sockets on the same order that stop reading; each gets its own frames of 50 KB. */
  readonly stopped: number;
  /** Changes in a run in which all sockets read, and in a run in which some have stopped. The runs take turns. */
  readonly runs: number;
  readonly changesARun: number;
  /** After the runs, changes continue with the stopped sockets: how many changes, and for how long. */
  readonly soakChanges: number;
  readonly soakSeconds: number;
}

export interface SoakFindings {
  readonly changes: number;
  /** p99 from a change's response to the frames of all readers, ms, one for each run. */
  readonly allReading: readonly number[];
  readonly someStopped: readonly number[];
  /** Resident memory of the server, MB: after the first run in which all read, and the maximum after that. */
  readonly memoryBefore: number;
  readonly mostMemory: number;
  /**
   * Sockets that were closed because they did not read: with 1013, although a client that does not read may not see
   * the code.
   */
  readonly sentAway: number;
  /** Frames that were never sent to a stopped socket, because newer ones replaced them. */
  readonly skipped: number;
}

const pause = 5; // ms between changes
const filler = 'x'.repeat(50_000);
const change = `mutation ($input: ChangeOrderItemQuantityInput!) { changeOrderItemQuantity(input: $input) {
  ... on OrderCommandPayload { version } ... on CommandError { message } } }`;

interface Watcher {
  socket: WebSocket;
  /** Version in the newest frame. */
  version: number;
  frames: number;
}

/**
 * Changes one order again and again, while some of its subscribers stop reading.
 * @throws if the process dies, or a subscriber does not get the last state within 20 s of the last change
 */
export async function soak(options: Soak): Promise<SoakFindings> {
  const { readers, stopped, runs, changesARun, soakChanges, soakSeconds } = options;
  const app = await spawnApp({ DATABASE_URL: options.databaseUrl, LOG_LEVEL: 'fatal' });
  const shop = await openShop(app.url);
  const order = await openOrder(app.url, shop);
  const answered = new Map<number, number>();
  let times: number[] = [];
  let over = false;
  let stopping = false;
  let sentAway = 0;
  let changes = 0;
  let version = 0;

  async function watch(alias: string, onVersion: (watcher: Watcher) => void): Promise<Watcher> {
    const watcher: Watcher = {
      socket: await subscribed(app.url, shop.staff, order.orderId, alias),
      version: 0,
      frames: 0,
    };
    function listen(): void {
      watcher.socket.on('error', () => undefined);
      watcher.socket.on('message', (data: Buffer) => {
        // It comes after the filler, and before everything else in the frame.
        const found = /"version":(\d+)/.exec(data.toString('latin1'));
        if (!found) return;
        watcher.version = Number(found[1]);
        watcher.frames++;
        onVersion(watcher);
      });
      watcher.socket.once('close', () => {
        if (over) return;
        sentAway++;
        void again();
      });
    }
    async function again(): Promise<void> {
      watcher.socket = await subscribed(app.url, shop.staff, order.orderId, alias);
      listen();
      if (stopping) watcher.socket.pause();
    }
    listen();
    return watcher;
  }

  function noted(watcher: Watcher): void {
    const at = answered.get(watcher.version);
    // A frame that arrives before the response took no time.
    times.push(at === undefined ? 0 : performance.now() - at);
  }

  async function changeFor(count: number, seconds = 0): Promise<number> {
    const [first, end] = [changes, performance.now() + seconds * 1000];
    times = [];
    while (changes < first + count || performance.now() < end) {
      const input = { ...order, quantity: (changes % 1_000) + 1 };
      const answer = await post<{ changeOrderItemQuantity: { version: number } }>(
        app.url,
        change,
        { input },
        { token: shop.staff },
      );
      version = answer.data!.changeOrderItemQuantity.version;
      answered.set(version, performance.now());
      changes++;
      await sleep(pause);
    }
    await allHave(reading, version);
    return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
  }

  async function memory(): Promise<number> {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 2 ** 20;
  }

  const reading = await Promise.all(Array.from({ length: readers }, () => watch('order', noted)));
  const lazy = await Promise.all(
    Array.from({ length: stopped }, (_, index) => watch(`x${index}${filler}`, () => undefined)),
  );
  const allReading: number[] = [];
  const someStopped: number[] = [];
  await changeFor(changesARun);
  const memoryBefore = await memory();
  let mostMemory = memoryBefore;
  const sampling = setInterval(() => {
    memory().then(
      now => (mostMemory = Math.max(mostMemory, now)),
      () => undefined,
    );
  }, 500);
  for (let run = 0; run < runs; run++) {
    allReading.push(await changeFor(changesARun));
    stopping = true;
    for (const { socket } of lazy) socket.pause();
    someStopped.push(await changeFor(changesARun));
    if (run === runs - 1) await changeFor(soakChanges, soakSeconds);
    stopping = false;
    for (const { socket } of lazy) socket.resume();
    await allHave(lazy, version);
  }
  clearInterval(sampling);
  const skipped = changes * stopped - lazy.reduce((sum, { frames }) => sum + frames, 0);
  over = true;
  for (const { socket } of [...reading, ...lazy]) socket.terminate();
  await app.stop();
  return { changes, allReading, someStopped, memoryBefore, mostMemory, sentAway, skipped };
}

/** Not eventually(), because a proof runs this without vitest. */
async function allHave(watching: readonly { readonly version: number }[], newest: number): Promise<void> {
  const limit = performance.now() + 20_000;
  for (const one of watching) {
    while (one.version < newest && performance.now() < limit) await sleep(20);
    if (one.version < newest) throw new Error(`a reader is at ${one.version}, not ${newest}`);
  }
}

async function openOrder(url: string, { customer, productId }: Shop): Promise<{ orderId: string; lineId: string }> {
  const input = { items: [{ productId, quantity: 1 }] };
  const { orderId, order } = accepted(await post(url, CreateOrderDocument, { input }, { token: customer.token }));
  const lineId = order?.lines[0]?.id;
  if (lineId === undefined) throw new Error('the order has no line');
  return { orderId, lineId };
}

/** @param alias alias of the order in the document: each frame contains it */
async function subscribed(url: string, token: string, id: string, alias: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }));
  await once(socket, 'message');
  const query = `subscription ($id: ID!) { orderUpdated(id: $id) { ${alias}: order { version } } }`;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id } } }));
  return socket;
}
