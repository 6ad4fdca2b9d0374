import { type Database, nodeName } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { StartError } from '../start-error.ts';

interface Server {
  readonly user: string;
  readonly mayChange: boolean;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly others: number;
}

/**
 * Checks for conditions that are dangerous in production although they cause no error.
 * @param alone true if no Redis connects this process with others. Behind a pooler it must be false: the pooler's
 * connections outlive the processes that used them, so they say nothing about other processes
 * @throws StartError with one line for each problem
 */
export async function checkForProduction(database: Database, alone: boolean): Promise<void> {
  // Connections older than this process belong to other processes.
  const seconds = performance.now() / 1000;
  const [server] = await database.query<Server>(sql`
    SELECT current_user::text AS "user", current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS "fullPageWrites",
      has_table_privilege('events', 'INSERT') OR has_table_privilege('events', 'UPDATE')
        OR has_table_privilege('events', 'DELETE') OR has_table_privilege('events', 'TRUNCATE') AS "mayChange",
      (SELECT count(*)::int FROM pg_stat_activity a
       WHERE a.datname = current_database() AND a.application_name = ${nodeName}
         AND a.backend_start < clock_timestamp() - make_interval(secs => ${seconds}::float8)) AS others`);
  if (!server) throw new Error('The server did not return its settings');
  const problems = problemsOf(server, alone);
  if (problems.length > 0) throw new StartError(problems.join('\n'));
}

function problemsOf({ user, mayChange, fsync, fullPageWrites, others }: Server, alone: boolean): string[] {
  const problems: string[] = [];
  if (mayChange) {
    problems.push(
      `DATABASE_URL: ${user} may change events: set DATABASE_URL to another role, and run npm run db:migrate with this one as DATABASE_MIGRATE_URL`,
    );
  }
  if (fsync !== 'on') {
    problems.push(
      `DATABASE_URL: the server has fsync ${fsync}: set it to on, otherwise a power failure loses acknowledged commands`,
    );
  }
  if (fullPageWrites !== 'on') {
    problems.push(
      `DATABASE_URL: the server has full_page_writes ${fullPageWrites}: set it to on, otherwise a power failure may damage its files`,
    );
  }
  if (alone && others > 0) {
    problems.push(
      'REDIS_URL: set it: another Orderstream process uses this database, and the processes notify each other only through Redis',
    );
  }
  return problems;
}
