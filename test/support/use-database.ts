import { freshDatabase, type TestDatabase } from './postgres.ts';
import { type Lifetime, useResource } from './use-resource.ts';

/** A migrated, empty database. */
export function useDatabase(lifetime: Lifetime = 'file'): TestDatabase {
  return useResource(freshDatabase, database => database.drop(), lifetime);
}
