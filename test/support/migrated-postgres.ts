import { migrate } from '../../src/database/migrations.ts';
import { type PostgresServer, startPostgres } from './private-postgres.ts';

/**
 * A server for one test, whose database `postgres` is migrated. It syncs to disk, which production requires and the
 * run's server does not do.
 * @param settings as startPostgres() takes them
 */
export async function startMigratedPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const server = await startPostgres(settings);
  await migrate(server.url);
  return server;
}
