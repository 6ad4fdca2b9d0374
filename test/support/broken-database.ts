import { onDatabase } from './on-database.ts';
import type { TestDatabase } from './postgres.ts';

/** Switches writes off, as an operator or a failover does: also for the connections that are open. */
export function makeReadOnly({ url }: TestDatabase): Promise<void> {
  return onDatabase(url, async client => {
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
    await client.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  });
}

/** From now on events have personal data that nothing can decrypt, so no view can fold them. */
export function damageNextEvents(database: TestDatabase, subject: string): Promise<void> {
  return changeNextEvents(database, `NEW.personal := '{"subject": "${subject}", "sealed": "AAAA"}'`);
}

/** From now on events have a type that this release does not know: the projector stops before them. */
export function renameNextEvents(database: TestDatabase, type: string): Promise<void> {
  return changeNextEvents(database, `NEW.type := '${type}'`);
}

async function changeNextEvents({ url }: TestDatabase, change: string): Promise<void> {
  await onDatabase(url, client =>
    client.query(`
      CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${change}; RETURN NEW; END $$;
      CREATE TRIGGER changed BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION changed()`),
  );
}
