import { type GraphQLField, type GraphQLObjectType, TypeNameMetaFieldDef } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import type { Context } from '../../graphql/context.ts';
import { UnchangedRow } from '../../projections/reader-row-cache.ts';
import { CachedJson } from './cached-json.ts';
import type { ObjectCache } from './compiled/compile-operation.ts';

/** The cached response for an unchanged row: for which selection, and for which viewer. */
interface CachedResponse {
  readonly selection: number;
  readonly viewer: Actor | undefined;
  /** Undefined if the response was too long to be cached. */
  readonly json: CachedJson | undefined;
}

/**
 * Caches the JSON of each row's object with the row, for as long as the row is unchanged. Results then contain
 * CachedJson, so only a transport that writes them with resultToJson() may use it.
 */
export const cachedResponses: ObjectCache = {
  find: (object, selection, context) =>
    isUnchangedRow(object) ? responseOf(object, selection, context)?.json : undefined,
  store(object, selection, context, finished) {
    // A response that was too long before is not serialised again.
    if (!isUnchangedRow(object) || responseOf(object, selection, context)) return finished;
    const json = new CachedJson(finished);
    // With aliases a response can be of any length, so there is a limit.
    const isShort = json.json.length <= object.characters;
    const { viewer } = context as Context;
    object.answered = { selection, viewer, json: isShort ? json : undefined } satisfies CachedResponse;
    return isShort ? json : finished;
  },
};

/** `instanceof` alone makes the row `any`. */
function isUnchangedRow(object: unknown): object is UnchangedRow {
  return object instanceof UnchangedRow;
}

/**
 * Whether a field has the same value for all viewers who may do what staff may, and for each customer only depends on the customer; see
 * sharing.ts.
 */
export function isCacheable(parent: GraphQLObjectType, { name, extensions }: GraphQLField<unknown, unknown>): boolean {
  return name === TypeNameMetaFieldDef.name || (extensions['sharing'] ?? parent.extensions['sharing']) === 'role';
}

function responseOf({ answered }: UnchangedRow, selection: number, context: unknown): CachedResponse | undefined {
  const cached = answered as CachedResponse | undefined;
  const isHit = cached?.selection === selection && isSameViewer(cached.viewer, (context as Context).viewer);
  return isHit ? cached : undefined;
}

function isSameViewer(one: Actor | undefined, other: Actor | undefined): boolean {
  return one === other || (one?.role === other?.role && one?.subject === other?.subject);
}
