import type { TestDatabase } from './postgres.ts';
import { openNode, type TestNode } from './test-node.ts';
import { useDatabase } from './use-database.ts';
import { type Lifetime, useResource } from './use-resource.ts';

/** A database and a node on it. */
export function useNode(lifetime: Lifetime = 'file'): { readonly database: TestDatabase; readonly node: TestNode } {
  const database = useDatabase(lifetime);
  return {
    database,
    node: useResource(
      () => openNode(database.url),
      node => node.close(),
      lifetime,
    ),
  };
}
