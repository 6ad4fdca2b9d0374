// npm run demo: two nodes, subscribers of several kinds, a node killed, Redis cut, and what came compared with the log.
// `-- --plant` drops one frame and shows another twice on the way to the count: the demo has to report both.
import { runCommand } from '../../src/cli/command-line.ts';

const howTo = `The demo needs a PostgreSQL and a Redis. It makes a database of its own there and drops it at the end.
With Docker:
  docker run --rm --detach --name demo-postgres --publish 127.0.0.1:54320:5432 --env POSTGRES_PASSWORD=demo postgres:17
  docker run --rm --detach --name demo-redis --publish 127.0.0.1:63790:6379 redis:7
  DATABASE_URL=postgresql://postgres:demo@127.0.0.1:54320/postgres REDIS_URL=redis://127.0.0.1:63790 npm run demo
  docker stop demo-postgres demo-redis
With your own, DATABASE_URL is of a user that may create databases (PostgreSQL 15 or newer), REDIS_URL of Redis 7:
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
  console.log('Orders are placed and watched while Redis is cut and a node is killed: in all about half a minute');
  // Loaded after the first line, because that takes some seconds.
  const { demo } = await import('./run.ts');
  return demo(new URL(postgres), new URL(redis), values.plant === true);
});
