// npm run db:migrate: brings the database at DATABASE_MIGRATE_URL, or else DATABASE_URL, to this program's schema, and
// gives the user of DATABASE_URL what serving needs.
import { loadMigrateUrl } from '../config.ts';
import { grantServing } from '../event-store/serving-role.ts';
import { migrate } from '../migrations.ts';
import { StartError } from '../start-error.ts';
import { readOnlyLine } from './read-only-line.ts';

try {
  const ownerUrl = loadMigrateUrl(process.env);
  const applied = await migrate(ownerUrl);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log('nothing to apply: the database is up to date');
  const role = await grantServing(ownerUrl, process.env['DATABASE_URL']?.trim() || ownerUrl);
  if (role !== undefined) console.log(`${role} may read the log and append to it, and change nothing in it`);
} catch (error) {
  console.error(error instanceof StartError ? error.message : (readOnlyLine(error) ?? error));
  process.exitCode = 1;
}
