import type { DocumentNode } from 'graphql';
import { readDocument } from './command-document.ts';
import { type ownFields } from './command-inputs.ts';
import type { EntityVersions } from './entity-versions.ts';
import type { Variables } from './data.ts';
import { type ActiveResult, visitEntities } from './visit-entities.ts';

/** Time in which changes are gathered before the results are looked through, ms. */
const gatherMs = 50;
/** Beyond it, what was read is forgotten. At worst something is read twice. */
const maxRead = 1_000;

/**
 * Reads an entity again if the screen shows fields of it that no answer has contained since its last change: a
 * subscription may select less than a query. Without it, an older value would stay beside newer ones.
 * @param results the results of all active queries
 * @param read sends a query, so that its answer reaches the cache
 * @returns a function that stops it
 */
export function readMissingFields(
  entities: EntityVersions,
  results: () => Iterable<ActiveResult>,
  read: (document: DocumentNode, variables: Variables) => Promise<unknown>,
): () => void {
  const readVersions = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function check(): void {
    timer = undefined;
    const missing = new Set<string>();
    for (const result of results()) collectMissing(result, entities, missing);
    if (readVersions.size > maxRead) readVersions.clear();
    for (const key of missing) {
      const known = entities.known(key);
      if (known === undefined || readVersions.get(key) === known.version) continue;
      readVersions.set(key, known.version);
      const [type = '', id] = key.split(':');
      read(readDocument(type as keyof typeof ownFields), { id, atLeast: known.position }).catch(() =>
        readVersions.delete(key),
      );
    }
  }
  const unsubscribe = entities.subscribe(() => {
    timer ??= setTimeout(check, gatherMs);
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}

/** Adds the keys of entities of which a shown field is not known in the newest version. */
function collectMissing(result: ActiveResult, entities: EntityVersions, missing: Set<string>): void {
  visitEntities(result, (key, object, { list }) => {
    const isMissing = list.some(field => object[field.key] !== undefined && !entities.knows(key, field.signature));
    if (isMissing) missing.add(key);
  });
}
