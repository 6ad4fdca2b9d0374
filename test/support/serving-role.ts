import { randomBytes } from 'node:crypto';
import { grantServing } from '../../src/event-store/serving-role.ts';
import { viewNames } from '../../src/projections/view.ts';
import { views } from '../../src/slices.ts';
import { onDatabase } from './on-database.ts';

/** A role that may serve a database and change nothing in its log, as production requires. */
export async function servingRole(
  ownerUrl: string,
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
  const role = `serving_${randomBytes(4).toString('hex')}`;
  await onDatabase(ownerUrl, client => client.query(`CREATE ROLE ${role} LOGIN`));
  const url = new URL(ownerUrl);
  [url.username, url.password] = [role, ''];
  await grantServing(ownerUrl, url.href, viewNames(views));
  return {
    url: url.href,
    drop: async () => {
      await onDatabase(ownerUrl, client => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    },
  };
}
