import { expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { damageNextEvents, makeReadOnly, renameNextEvents } from '../support/broken-database.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { registered } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { staffToken } from '../support/tokens.ts';
import { useApp } from '../support/use-shop.ts';

const { database, app } = useApp({}, 'test');

async function readiness({ probes: url }: TestApp): Promise<{ code: number; report: Record<string, unknown> }> {
  const answer = await fetch(`${url}/readyz`);
  return { code: answer.status, report: (await answer.json()) as Record<string, unknown> };
}

/** Waits until the process is degraded for this reason, and still gets requests. */
function becomesDegraded(node: TestApp, reason: Record<string, unknown>): Promise<void> {
  return eventually(async () => {
    expect(await readiness(node)).toMatchObject({ code: 200, report: { status: 'degraded', ...reason } });
  });
}

test('/readyz of a sound process is ready, with its release and no other', async () => {
  await eventually(async () => {
    const { code, report } = await readiness(app);
    expect({ code, report }).toMatchObject({
      code: 200,
      report: { status: 'ready', database: 'ok', projector: 'running', otherReleases: [], views: { parkedStreams: 0 } },
    });
    expect(report['release']).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test('/readyz names a read-only database', async () => {
  await makeReadOnly(database);
  await becomesDegraded(app, { database: 'read-only', projector: 'waiting for writes' });
});

test('/readyz names parked streams', async () => {
  const customer = await registered(app.url);
  await damageNextEvents(database, customer.id);
  accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: customer.token }));
  await becomesDegraded(app, { projector: 'running', views: expect.objectContaining({ parkedStreams: 1 }) });
});

test('/readyz names a projector that failed', async () => {
  await renameNextEvents(database, 'CustomerPromoted');
  await registered(app.url);
  await becomesDegraded(app, { projector: 'failed' });
});

test('/readyz names the other releases that run', async () => {
  await eventually(async () => {
    const { rowCount } = await onDatabase(database.url, client =>
      client.query(`
        INSERT INTO processes
        SELECT 'older', '0.0.1', host, roles, started_at, now() + interval '1 minute', 0, 0, 0 FROM processes LIMIT 1`),
    );
    expect(rowCount).toBe(1);
  });
  await becomesDegraded(app, { otherReleases: ['0.0.1'] });
});

test('a process that stops is not ready for DRAIN_DELAY, and until then serves as before', async () => {
  const node = await startApp({ DATABASE_URL: database.url, DRAIN_DELAY: '3' });
  const token = await staffToken();
  const socket = await connectSocket(node.url, token);
  const stopped = node.stop();
  expect(await readiness(node)).toEqual({ code: 503, report: { status: 'unavailable', stopping: true } });
  const { data, headers } = await post(node.url, '{ products { totalCount } }', {}, { token });
  expect(data).toEqual({ products: { totalCount: 0 } });
  expect(headers.get('connection')).toBe('close'); // a load balancer uses another connection from here on
  const late = await connectSocket(node.url, token);
  const orders = late.subscribe('subscription { ordersUpdated { kind } }');
  await orders.next();
  expect((await readiness(node)).code).toBe(503);
  await stopped;
  expect((await socket.closed).code).toBe(1012);
  expect((await late.closed).code).toBe(1012);
  await expect(fetch(`${node.probes}/readyz`)).rejects.toThrow();
});

describeWithRedis('with separate processes', () => {
  test('/readyz names that no process projects', async () => {
    const prefix = `readiness-${crypto.randomUUID()}:`;
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl(), REDIS_PREFIX: prefix };
    await app.stop();
    const api = await startApp({ ...env, ROLES: 'api' });
    await becomesDegraded(api, { projector: 'missing' });
    const projector = await startApp({ ...env, ROLES: 'projector' });
    await eventually(async () => {
      expect(await readiness(api)).toMatchObject({ code: 200, report: { status: 'ready', projector: 'running' } });
    });
    await projector.stop();
    await becomesDegraded(api, { projector: 'missing' });
    await api.stop();
  });
});
