// npm run db:migrate: migrates the database at DATABASE_MIGRATE_URL, or else at DATABASE_URL, to the schema of this
// release, and grants the user of DATABASE_URL the rights that serving needs.
import { loadMigration } from '../config.ts';
import {
  checkMayGrantServing,
  checkServingLogin,
  grantServing,
  setServingSessions,
} from '../event-store/serving-role.ts';
import { migrate } from '../database/migrations.ts';
import { readPendingMigrations } from '../database/pending-migrations.ts';
import { roleSettings } from '../database/session-settings.ts';
import { viewNames } from '../projections/view.ts';
import { views } from '../slices.ts';
import { runCommand } from './command-line.ts';
import { jsonOption, printReport, type Report, sideLine } from './report.ts';

const command = {
  usage: 'npm run db:migrate -- [--dry-run]',
  about: `Migrates the PostgreSQL database to the schema of this release in one transaction. Run it before you start a new release.

  --dry-run  prints the migrations that would be applied, and changes nothing; exit code 2 if there are any

  DATABASE_MIGRATE_URL  the connection of the schema's owner; DATABASE_URL if it is not set
  DATABASE_URL          if it has another user, that user is created if missing, and gets the rights that serving needs
  DATABASE_POOLER       transaction, if DATABASE_URL leads to a pooler: that user then gets the settings of its sessions`,
  options: { 'dry-run': { type: 'boolean' }, ...jsonOption },
} as const;

/** Exit code of a dry run if migrations are pending; 1 is that of an error. */
const pendingCode = 2;

async function dryRun(): Promise<Report> {
  const { ownerUrl, servingUrl } = loadMigration(process.env);
  await checkMayGrantServing(ownerUrl, servingUrl);
  const pending = await readPendingMigrations(ownerUrl);
  return {
    ok: pending.length === 0,
    lines: pending.length === 0 ? [upToDate] : pending.map(name => `would apply ${name}`),
    value: { pending },
  };
}

const upToDate = 'nothing to apply: the database is up to date';

async function migrateAndGrant(print: (line: string) => void): Promise<object> {
  const { ownerUrl, servingUrl, databaseConnections } = loadMigration(process.env);
  const pooled = databaseConnections.pooled ? roleSettings(databaseConnections.synchronousCommit) : undefined;
  await checkMayGrantServing(ownerUrl, servingUrl);
  const applied = await migrate(ownerUrl);
  for (const name of applied) print(`applied ${name}`);
  if (applied.length === 0) print(upToDate);
  const role = await grantServing(ownerUrl, servingUrl, viewNames(views));
  if (pooled !== undefined) {
    await setServingSessions(ownerUrl, servingUrl, pooled);
    print('the sessions of the user of DATABASE_URL have the settings that a pooler needs');
  }
  if (role === undefined) return { applied, servingRole: null, login: null };
  const login = await checkServingLogin(ownerUrl, servingUrl, pooled);
  if (login === 'password changed') print(`${role} has the password of DATABASE_URL now`);
  if (login === 'unreachable') {
    console.error(`DATABASE_URL: not reached from here, so whether ${role} can log in is not checked`);
  }
  print(`${role} may read the log and append to it, but not change it`);
  return { applied, servingRole: role, login };
}

await runCommand(command, async ({ values }) => {
  if (values['dry-run']) return printReport(await dryRun(), values.json) === 0 ? 0 : pendingCode;
  // Each line is printed when it is true: a later step may fail.
  const value = await migrateAndGrant(sideLine(values.json));
  return values.json ? printReport({ ok: true, lines: [], value }, true) : 0;
});
