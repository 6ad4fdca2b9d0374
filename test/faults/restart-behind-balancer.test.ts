import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../src/client/graphql-ws.ts';
import { type SpawnedApp, spawnApp } from '../support/app.ts';
import { startCaddy } from '../support/balancers.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithPrograms } from '../support/installed-program.ts';
import { noteOpen } from '../support/left-open.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { servingRole } from '../support/serving-role.ts';
import { stopwatch } from '../support/standstill.ts';
import { staffToken } from '../support/tokens.ts';

const clients = 8;
const sockets = 16;
/** Time without frames that a client may have, ms in which the machine ran. */
const longestAway = 2_000;

describeWithRedis('a rolling restart in production', () => {
  describeWithPrograms(['caddy'], 'behind a balancer that retries nothing', () => {
    test('no connection is refused, no request fails, and every socket is back within 2 s', async () => {
      const postgres = await startMigratedPostgres();
      const serving = await servingRole(postgres.url);
      const audience = { issuer: 'https://login.example.com', audience: 'orders' };
      const env = {
        NODE_ENV: 'production', // with the drain delay of production
        DATABASE_URL: serving.url,
        REDIS_URL: redisUrl(),
        REDIS_PREFIX: `restart-${crypto.randomUUID()}:`,
        AUTH_ISSUER: audience.issuer,
        AUTH_AUDIENCE: audience.audience,
      };
      const token = await staffToken(audience);
      const projector = await spawnApp({ ...env, ROLES: 'projector' });
      const nodes = [await spawnApp({ ...env, ROLES: 'api' }), await spawnApp({ ...env, ROLES: 'api' })];
      const balancer = await startCaddy(nodes.map(({ url }) => url));
      const load = startLoad(balancer.url, token);
      const watchers = Array.from({ length: sockets }, () => startWatcher(balancer.url, token));
      const everythingMoves = async () => {
        const before = { sent: load.answered(), frames: watchers.map(({ frames }) => frames()) };
        await eventually(() => {
          expect(load.answered()).toBeGreaterThan(before.sent + 50);
          for (const [index, { frames }] of watchers.entries()) expect(frames()).toBeGreaterThan(before.frames[index]!);
        });
      };

      await everythingMoves();
      for (const [index, node] of nodes.entries()) {
        expect(await node.stop()).toBe(0);
        await everythingMoves();
        const { port } = new URL(node.url);
        nodes[index] = await spawnApp({ ...env, ROLES: 'api', PORT: port });
        await balancerUses(nodes[index]);
      }
      await everythingMoves();
      await load.stop();

      expect(load.failures).toEqual([]);
      const away = watchers.flatMap(one => one.away);
      console.log(
        `${load.answered()} requests; ${away.length} times away, ${Math.round(Math.max(...away))} ms at most`,
      );
      expect(away.length).toBeGreaterThanOrEqual(sockets); // each was on a node that was restarted
      expect(Math.max(...away)).toBeLessThan(longestAway);
      for (const { errors } of watchers) expect(errors).toEqual([]);

      for (const { close } of watchers) await close();
      await balancer.stop();
      expect(await Promise.all([...nodes, projector].map(one => one.stop()))).toEqual([0, 0, 0]);
      await serving.drop();
      await postgres.remove();
    });
  });
});

/** Waits until requests arrive at a node again. */
async function balancerUses({ probes }: SpawnedApp): Promise<void> {
  await eventually(async () => {
    const text = await (await fetch(`${probes}/metrics`)).text();
    expect(text).toMatch(/^orderstream_operations_total\{type="query",code="OK"\} [1-9]/m);
  });
}

/** Queries and commands without a pause: half of the clients keep their connection, half open one for each request. */
function startLoad(url: string, token: string) {
  const failures: unknown[] = [];
  let answered = 0;
  let over = false;
  const agents = Array.from({ length: clients }, (_, index) =>
    index % 2 === 0 ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined,
  );

  async function send(agent: Agent | undefined, query: string): Promise<void> {
    try {
      const { status, body } = await posted(url, token, agent, query);
      const { data, errors } = body as { data?: unknown; errors?: unknown };
      if (status !== 200 || errors !== undefined || data == null) failures.push({ status, body });
    } catch (error) {
      failures.push(error);
    }
    answered++;
  }
  async function client(agent: Agent | undefined, index: number): Promise<void> {
    for (let sent = 0; !over; sent++) {
      const input = `{ name: "Ada ${index}", email: "ada.${index}.${sent}@example.com" }`;
      await send(
        agent,
        sent % 4 === 0
          ? `mutation { registerCustomer(input: ${input}) { ... on CustomerCommandPayload { customerId } } }`
          : '{ products { totalCount } }',
      );
      await sleep(10);
    }
    agent?.destroy();
  }

  const running = Promise.all(agents.map(client));
  const stop = async () => {
    over = true;
    note.closed();
    await running;
  };
  const note = noteOpen('load', stop);
  return { failures, answered: () => answered, stop };
}

function posted(url: string, token: string, agent: Agent | undefined, query: string) {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const asking = request(`${url}/graphql`, {
      method: 'POST',
      agent: agent ?? false,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    asking.on('error', reject).on('response', response => {
      json(response).then(body => resolve({ status: response.statusCode, body }), reject);
    });
    asking.end(JSON.stringify({ query }));
  });
}

/** A client of ours that follows the log. */
function startWatcher(url: string, token: string) {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    onNonLazyError: () => undefined,
    token: () => token,
  });
  const errors: unknown[] = [];
  const away: number[] = [];
  let frames = 0;
  let gone: (() => number) | undefined;
  let disposed = false;
  client.on('closed', () => {
    if (!disposed) gone ??= stopwatch();
  });
  client.subscribe(
    { query: 'subscription($after: Position) { eventsAppended(after: $after) { position } }', variables: {} },
    {
      next({ errors: found }) {
        if (found) errors.push(found);
        if (gone !== undefined) away.push(gone());
        gone = undefined;
        frames++;
      },
      error: error => errors.push(error),
      complete: () => {
        if (!disposed) errors.push('it ended');
      },
    },
  );
  const close = async () => {
    disposed = true;
    note.closed();
    await client.dispose();
  };
  const note = noteOpen('graphql-ws client', close);
  return { errors, away, frames: () => frames, close };
}
