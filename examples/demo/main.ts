// npm run demo: two nodes, subscribers of several kinds, a killed node, a lost Redis, and a comparison of the
// received frames with the log. `-- --plant` drops one frame and doubles another before the count: the demo must then
// report both.
import { runCommand } from '../../src/cli/command-line.ts';

const howTo = `The demo needs a PostgreSQL and a Redis. It creates its own database there and drops it at the end.
With Docker:
  docker run --rm --detach --name demo-postgres --publish 127.0.0.1:54320:5432 --env POSTGRES_PASSWORD=demo postgres:17
  docker run --rm --detach --name demo-redis --publish 127.0.0.1:63790:6379 redis:7
  DATABASE_URL=postgresql://postgres:demo@127.0.0.1:54320/postgres REDIS_URL=redis://127.0.0.1:63790 npm run demo
  docker stop demo-postgres demo-redis
With your own servers (PostgreSQL 15 or newer, Redis 7), whose user in DATABASE_URL may create databases:
  DATABASE_URL=postgresql://… REDIS_URL=redis://… npm run demo`;

const command = {
  usage: 'npm run demo',
  about: `Starts two nodes and subscribers of several kinds, cuts Redis, kills a node, and compares what the subscribers received
with the log.

${howTo}`,
  options: { plant: { type: 'boolean' } },
} as const;

await runCommand(command, async ({ values }) => {
  const { DATABASE_URL: postgres, REDIS_URL: redis } = process.env;
  if (!postgres || !redis?.startsWith('redis://')) {
    console.error(howTo);
    return 2;
  }
  console.log('Orders are placed and watched while Redis is cut and a node is killed. This takes about half a minute');
  // Loaded after the first line, because loading takes some seconds.
  const { demo } = await import('./run.ts');
  return demo(new URL(postgres), new URL(redis), values.plant === true);
});
