// Keys and secrets change by the steps of docs/operating/identity.md while requests and sockets go on: no valid token is
// rejected.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Environment, spawnApp, type SpawnedApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { type Issuer, type IssuerKey, startIssuer } from '../support/issuer.ts';
import { noteOpen } from '../support/left-open.ts';
import { post } from '../support/post.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { staffToken } from '../support/tokens.ts';

/** The close code of a socket whose token is rejected or has expired. */
const forbidden = 4403;
/** Lifetime of the tokens of this test. */
const lifetimeSeconds = 4;
/** A token is valid for this much longer than `exp` says. */
const toleranceSeconds = 5;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

test('a secret: with a restart of each node where the steps need one, no valid token is rejected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-rotation-'));
  const file = join(folder, 'secrets');
  const [old, next] = [
    'the old secret of the shop, 32 bytes and more',
    'the new secret of the shop, 32 bytes and more',
  ];
  const write = (...secrets: string[]) => writeFile(file, `${secrets.join('\n')}\n`);
  await write(old);
  const nodes = await openNodes({ AUTH_JWT_SECRET: undefined, AUTH_JWT_SECRET_FILE: file });
  let signing = old;
  const load = startLoad(nodes.address, () => staffToken({ secret: signing, expires: `${lifetimeSeconds}s` }));
  await load.goesOn();

  await write(old, next);
  await nodes.restart(load);
  signing = next;
  await write(next, old);
  await load.goesOn();
  // Until the last token of the old secret has expired.
  await sleep((lifetimeSeconds + toleranceSeconds) * 1_000);
  await write(next);
  await nodes.restart(load);

  expect(await load.end()).toEqual([]);
  for (const [secret, status] of [
    [old, 401],
    [next, 200],
  ] as const) {
    const answer = await post(nodes.address, '{ viewer { subject } }', {}, { token: await staffToken({ secret }) });
    expect(answer.status).toBe(status);
  }
  console.log(`secret: ${load.summary()}`);
  await nodes.close();
  await rm(folder, { recursive: true });
});

test('the keys of the issuer: each new key is accepted from its first token on, while strangers send invented ones', async () => {
  const issuer = await startIssuer();
  let signing = await issuer.newKey();
  issuer.publish(signing);
  const nodes = await openNodes({ AUTH_JWT_SECRET: undefined, AUTH_ISSUER: issuer.url, LIMIT_ADDRESS_RATE: '1000' });
  const startedMs = performance.now();
  const load = startLoad(nodes.address, () => signing.token({ sub: 'anna', role: 'staff' }, `${lifetimeSeconds}s`));
  const strangers = startStrangers(nodes.address, issuer);
  await load.goesOn();

  for (let rotation = 1; rotation <= 3; rotation++) {
    const before: IssuerKey = signing;
    const next = await issuer.newKey();
    // The harshest order: the key signs at the moment at which it is published.
    issuer.publish(before, next);
    signing = next;
    await load.goesOn();
    await sleep((lifetimeSeconds + toleranceSeconds) * 1_000);
    issuer.publish(next);
    await load.goesOn();
  }

  expect(await load.end()).toEqual([]);
  const invented = await strangers.end();
  expect(invented.length).toBeGreaterThan(20);
  expect(new Set(invented)).toEqual(new Set([401]));
  const seconds = (performance.now() - startedMs) / 1_000;
  // Each of the two nodes requests the keys at most once in two seconds.
  expect(issuer.requests.length).toBeLessThanOrEqual(2 * (seconds / 2 + 1));
  console.log(
    `keys: ${load.summary()}, ${invented.length} invented tokens, ${issuer.requests.length} requests for keys`,
  );
  await nodes.close();
  await issuer.close();
});

interface Nodes {
  /** The root URL of a balancer before two nodes. */
  readonly address: string;
  /** Restarts both, one after the other; the balancer leads to the other one meanwhile. */
  restart(load: Load): Promise<void>;
  close(): Promise<void>;
}

async function openNodes(env: Environment): Promise<Nodes> {
  const start = () => spawnApp({ DATABASE_URL: database.url, LIMIT_STAFF_RATE: '1000000', ...env });
  const apps: SpawnedApp[] = await Promise.all([start(), start()]);
  const balancer: TcpProxy = await openTcpProxy(addressOf(apps[0]!.url));
  return {
    address: `http://127.0.0.1:${balancer.port}`,
    async restart(load) {
      for (const index of [0, 1]) {
        balancer.aim(addressOf(apps[1 - index]!.url));
        expect(await apps[index]!.stop()).toBe(0);
        apps[index] = await start();
        balancer.aim(addressOf(apps[index].url));
        await load.goesOn();
      }
    },
    async close() {
      expect(await Promise.all(apps.map(app => app.stop()))).toEqual([0, 0]);
      await balancer.close();
    },
  };
}

interface Load {
  /** Resolves when each caller has been answered some more times. */
  goesOn(): Promise<void>;
  /** @returns what was answered to valid tokens instead of a result */
  end(): Promise<readonly unknown[]>;
  summary(): string;
}

/** Requests with a new token each, requests that use a token until it expires, and sockets. @param sign signs a token */
function startLoad(address: string, sign: () => Promise<string>): Load {
  const refusals: unknown[] = [];
  const answers = [0, 0, 0, 0];
  let ended = false;

  async function ask(caller: number, token: string): Promise<void> {
    try {
      const { status, data } = await post(address, '{ viewer { subject } }', {}, { token });
      if (status === 200 && data) answers[caller]!++;
      else refusals.push({ status });
    } catch {
      // The connection was closed by a node that stops: that is no answer.
    }
  }
  async function withNewTokens(caller: number): Promise<void> {
    while (!ended) await ask(caller, await sign());
  }
  async function withKeptTokens(caller: number): Promise<void> {
    while (!ended) {
      const token = await sign();
      const end = Date.now() + lifetimeSeconds * 1_000;
      while (Date.now() < end) await ask(caller, token);
    }
  }
  const callers = [withNewTokens(0), withNewTokens(1), withKeptTokens(2), withKeptTokens(3)];
  const sockets = Array.from({ length: 4 }, () => openSocket(address, sign, refusals));

  return {
    async goesOn() {
      const before = [...answers, ...sockets.map(({ frames }) => frames())];
      await eventually(() => {
        const now = [...answers, ...sockets.map(({ frames }) => frames())];
        for (const [index, count] of now.entries()) expect(count).toBeGreaterThan(before[index]!);
      });
    },
    async end() {
      ended = true;
      await Promise.all(callers);
      for (const { close } of sockets) await close();
      return refusals;
    },
    summary: () => {
      const requests = answers.reduce((sum, count) => sum + count, 0);
      const frames = sockets.reduce((sum, socket) => sum + socket.frames(), 0);
      return `${requests} requests and ${frames} operations of sockets answered, ${refusals.length} refused`;
    },
  };
}

/** A socket that signs in anew whenever its token has expired, and asks again and again. */
function openSocket(address: string, sign: () => Promise<string>, refusals: unknown[]) {
  let frames = 0;
  let signedMs = 0;
  const ending = new AbortController();
  const client = createClient({
    url: `${address.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: Infinity,
    retryWait: () => sleep(50),
    shouldRetry: () => true,
    onNonLazyError: () => undefined,
    connectionParams: async () => {
      signedMs = Date.now();
      return { Authorization: `Bearer ${await sign()}` };
    },
  });
  const note = noteOpen('graphql-ws client', () => client.dispose());
  client.on('closed', event => {
    const { code } = event as { readonly code: number };
    // A socket ends when its token does.
    if (code === forbidden && Date.now() < signedMs + lifetimeSeconds * 1_000) refusals.push({ code });
  });
  const asking = (async () => {
    while (!ending.signal.aborted) {
      const operation = client.iterate({ query: '{ viewer { subject } }' });
      const frame = await operation.next().catch(() => undefined);
      const answer = frame?.value as ExecutionResult | undefined;
      if (answer?.data) frames++;
      else if (answer) refusals.push(answer.errors);
      await sleep(20);
    }
  })();
  return {
    frames: () => frames,
    close: async () => {
      ending.abort();
      note.closed();
      await client.dispose();
      await asking;
    },
  };
}

/** Sends tokens that are signed with keys which were never published. */
function startStrangers(address: string, issuer: Issuer) {
  const statuses: number[] = [];
  let ended = false;
  const sending = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!ended) {
        const key = await issuer.newKey();
        const token = await key.token({ sub: 'eve', role: 'operator' });
        statuses.push((await post(address, '{ viewer { subject } }', {}, { token })).status);
      }
    }),
  );
  return {
    async end() {
      ended = true;
      await sending;
      return statuses;
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
