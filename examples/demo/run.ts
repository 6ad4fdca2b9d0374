import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../../src/database/migrations.ts';
import { databaseUrl, onDatabase } from '../../test/support/on-database.ts';
import { openTcpProxy } from '../../test/support/tcp-proxy.ts';
import { staffToken, testSecret } from '../../test/support/tokens.ts';
import { planted } from './count.ts';
import { readLog } from './log.ts';
import { startNode } from './nodes.ts';
import { awaitPostgres, awaitServer } from './reachable.ts';
import { openShop } from './shop.ts';
import { openSubscribers, type Subscriber } from './subscribers.ts';

/** Time after the last command within which every subscriber must have received everything, ms. */
const deliveryTimeoutMs = 10_000;

const howToRead = `Subscribers of every event get each event once, so their frames are the log's events. Subscribers of orders get each
order's newest state: changes that come close together are one frame, so they get fewer frames and still lose nothing.`;

type Closers = (() => unknown)[];

/**
 * @param postgres URL of a user that may create databases
 * @param plant whether one frame is dropped and another one doubled before the count
 * @returns the exit code: 0 if nothing was lost or repeated
 */
export async function demo(postgres: URL, redis: URL, plant: boolean): Promise<number> {
  const closers: Closers = [];
  try {
    return await run({ postgres, redis, plant }, closers);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

async function run(options: { postgres: URL; redis: URL; plant: boolean }, closers: Closers): Promise<number> {
  const { postgres, redis, plant } = options;
  const real = { host: redis.hostname, port: Number(redis.port || 6379) };
  try {
    console.log(`waiting for PostgreSQL at ${postgres.host} and Redis at ${redis.host}`);
    await awaitPostgres(postgres);
    await awaitServer(real);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    console.error(`There is no answer (${message || code}): check that both run, and check DATABASE_URL and REDIS_URL`);
    return 2;
  }
  const database = await openDemoDatabase(postgres.href, closers);

  // The demo does not stop Redis itself: it cuts the connections through a proxy in front of it.
  const proxy = await openTcpProxy(real);
  closers.push(() => proxy.close());
  const proxied = new URL(redis);
  proxied.host = `127.0.0.1:${proxy.port}`;

  console.log('starting two nodes');
  const env = { DATABASE_URL: database, REDIS_URL: proxied.href, AUTH_JWT_SECRET: testSecret };
  const nodes = await Promise.all([startNode(env), startNode(env)]);
  closers.push(() => Promise.all(nodes.map(node => node.kill())));
  const [doomed] = nodes;
  const urls = nodes.map(({ url }) => url);
  const token = await staffToken();
  const shop = await openShop(urls, token);
  const subscribers = openSubscribers({ urls, token, ...shop.start });
  closers.push(() => Promise.all(subscribers.map(one => one.stop())));
  console.log(`two nodes at ${urls.join(' and ')}, ${subscribers.length} subscribers`);

  const commands = shop.trade();
  console.log('orders are placed and changed');
  await sleep(1_000);
  proxy.aim({ host: '127.0.0.1', port: 1 });
  proxy.cut('reset');
  console.log('Redis is cut');
  await sleep(1_000);
  const before = connectionsOf(subscribers);
  await doomed.kill();
  console.log('a node is killed');
  await sleep(1_000);
  proxy.aim(real);
  console.log('Redis is back');
  await doomed.start();
  console.log('the node is back');
  await sleep(1_000);
  const accepted = await commands.stop();

  const log = await readLog(database, shop.start.after);
  console.log(`${accepted} commands accepted, ${log.length} events of orders in the log`);
  console.log(howToRead);
  const counts = () =>
    subscribers.map(({ name, count, arrived, connections }, index) => ({
      line: `${name}: ${arrived.length} frames, connected ${connections} times`,
      ...count(log, plant && index === 0 ? planted(arrived) : arrived),
    }));
  const deadline = performance.now() + deliveryTimeoutMs;
  while (counts().some(({ lost }) => lost > 0) && performance.now() < deadline) await sleep(50);

  const total = { lost: 0, repeated: 0 };
  for (const { line, lost, repeated } of counts()) {
    console.log(`${line}, ${lost} lost, ${repeated} repeated`);
    total.lost += lost;
    total.repeated += repeated;
  }
  if (connectionsOf(subscribers) === before || log.length < 50) {
    console.log('no subscriber lost its connection, or there were too few events: this run proves nothing');
    return 3;
  }
  console.log(`${total.lost} lost, ${total.repeated} repeated`);
  return total.lost + total.repeated === 0 ? 0 : 1;
}

async function openDemoDatabase(postgres: string, closers: Closers): Promise<string> {
  const name = `orderstream_demo_${randomBytes(4).toString('hex')}`;
  console.log(`creating the database ${name}`);
  await onDatabase(postgres, client => client.query(`CREATE DATABASE ${name}`));
  closers.push(() => onDatabase(postgres, client => client.query(`DROP DATABASE ${name} WITH (FORCE)`)));
  const database = databaseUrl(postgres, name);
  await migrate(database);
  return database;
}

function connectionsOf(subscribers: readonly Subscriber[]): number {
  return subscribers.reduce((sum, { connections }) => sum + connections, 0);
}
