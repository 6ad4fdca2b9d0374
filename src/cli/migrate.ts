// npm run db:migrate: migrates the database at DATABASE_MIGRATE_URL, or else at DATABASE_URL, to the schema of this
// release, and grants the user of DATABASE_URL the rights that serving needs.
import { loadMigrateUrl } from '../config.ts';
import { checkMayGrantServing, checkServingLogin, grantServing } from '../event-store/serving-role.ts';
import { migrate } from '../database/migrations.ts';
import { viewNames } from '../projections/view.ts';
import { views } from '../slices.ts';
import { runCommand } from './command-line.ts';

const command = {
  usage: 'npm run db:migrate',
  about: `Migrates the PostgreSQL database to the schema of this release in one transaction. Run it before you start a new release.

  DATABASE_MIGRATE_URL  the connection of the schema's owner; DATABASE_URL if it is not set
  DATABASE_URL          if it has another user, that user is created if missing, and gets the rights that serving needs`,
};

await runCommand(command, async () => {
  const ownerUrl = loadMigrateUrl(process.env);
  const servingUrl = process.env['DATABASE_URL']?.trim() || ownerUrl;
  await checkMayGrantServing(ownerUrl, servingUrl);
  const applied = await migrate(ownerUrl);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log('nothing to apply: the database is up to date');
  const role = await grantServing(ownerUrl, servingUrl, viewNames(views));
  if (role === undefined) return 0;
  switch (await checkServingLogin(ownerUrl, servingUrl)) {
    case 'connects':
      break;
    case 'password changed':
      console.log(`${role} has the password of DATABASE_URL now`);
      break;
    case 'unreachable':
      console.error(`DATABASE_URL: not reached from here, so whether ${role} can log in is not checked`);
  }
  console.log(`${role} may read the log and append to it, but not change it`);
  return 0;
});
