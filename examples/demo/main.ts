// npm run demo: two nodes, subscribers of several kinds, a node killed, Redis cut, and what came held against the log.
// `-- --plant` drops one frame and shows another twice on the way to the count: it has to tell.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../src/cli/command-line.ts';
import { migrate } from '../../src/migrations.ts';
import { databaseUrl, onDatabase } from '../../test/support/on-database.ts';
import { openTcpProxy } from '../../test/support/tcp-proxy.ts';
import { staffToken, testSecret } from '../../test/support/tokens.ts';
import { planted } from './count.ts';
import { readLog } from './log.ts';
import { startNode } from './nodes.ts';
import { openShop } from './shop.ts';
import { openSubscribers } from './subscribers.ts';

const howTo = `The demo needs a PostgreSQL and a Redis. It makes a database of its own there and drops it at the end:
  docker compose up -d postgres redis
  DATABASE_URL=postgresql://… REDIS_URL=redis://… npm run demo
DATABASE_URL is of a user that may create databases (PostgreSQL 15 or newer), REDIS_URL of Redis 7.`;

/** ms after the last command by which everybody has to have everything. */
const quiet = 10_000;

const command = {
  usage: 'npm run demo',
  about: `Starts two nodes and subscribers of several kinds, cuts Redis, kills a node, and compares what the subscribers received
with the log.

${howTo}`,
  options: { plant: { type: 'boolean' } },
} as const;

const closers: (() => unknown)[] = [];
await runCommand(command, async ({ values }) => {
  const { DATABASE_URL: postgres, REDIS_URL: redis } = process.env;
  if (!postgres || !redis?.startsWith('redis://')) {
    console.error(howTo);
    return 2;
  }
  try {
    return await demo(postgres, new URL(redis), values.plant === true);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
});

/** @returns the exit code */
async function demo(postgres: string, redis: URL, plant: boolean): Promise<number> {
  const name = `orderstream_demo_${randomBytes(4).toString('hex')}`;
  await onDatabase(postgres, client => client.query(`CREATE DATABASE ${name}`));
  closers.push(() => onDatabase(postgres, client => client.query(`DROP DATABASE ${name} WITH (FORCE)`)));
  const database = databaseUrl(postgres, name);
  await migrate(database);

  // Redis itself is left alone: what is cut is a proxy of ours before it.
  const real = { host: redis.hostname, port: Number(redis.port || 6379) };
  const proxy = await openTcpProxy(real);
  closers.push(() => proxy.close());
  const proxied = new URL(redis);
  proxied.host = `127.0.0.1:${proxy.port}`;

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
  await sleep(1_000);
  proxy.aim({ host: '127.0.0.1', port: 1 });
  proxy.cut('reset');
  console.log('Redis is cut');
  await sleep(1_000);
  const connectionsOf = () => subscribers.reduce((sum, { connections }) => sum + connections, 0);
  const before = connectionsOf();
  await doomed.kill();
  console.log('a node is killed');
  await sleep(1_000);
  proxy.aim(real);
  console.log('Redis is back');
  await doomed.start();
  console.log('the node is back');
  await sleep(1_000);
  console.log(`${await commands.stop()} commands accepted`);

  const log = await readLog(database, shop.start.after);
  const counts = () =>
    subscribers.map(({ name, count, arrived, connections }, index) => ({
      line: `${name}: ${arrived.length} frames, connected ${connections} times`,
      ...count(log, plant && index === 0 ? planted(arrived) : arrived),
    }));
  const deadline = performance.now() + quiet;
  while (counts().some(({ lost }) => lost > 0) && performance.now() < deadline) await sleep(50);

  const total = { lost: 0, repeated: 0 };
  for (const { line, lost, repeated } of counts()) {
    console.log(`${line}, ${lost} lost, ${repeated} repeated`);
    total.lost += lost;
    total.repeated += repeated;
  }
  if (connectionsOf() === before || log.length < 50) {
    console.log('nobody was cut, or nothing happened: this run shows nothing');
    return 3;
  }
  console.log(`${total.lost} lost, ${total.repeated} repeated`);
  return total.lost + total.repeated === 0 ? 0 : 1;
}
