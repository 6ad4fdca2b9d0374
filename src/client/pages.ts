/** A connection as Apollo's cache stores it. */
interface Page {
  readonly edges?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly nodes?: readonly unknown[] | undefined;
  readonly pageInfo?: Readonly<Record<string, unknown>> | undefined;
  readonly position?: string | undefined;
}

export interface Policy {
  readonly keyArgs: readonly string[];
  merge(
    existing: Page | undefined,
    incoming: Page,
    options: { readonly args: Readonly<Record<string, unknown>> | null },
  ): Page;
}

/**
 * Joins the pages of one list: a next page is appended, a previous page is prepended, a first page replaces all. The
 * result keeps the oldest position, so a subscription from there misses nothing of any page.
 * @param keyArgs arguments that make it a different list
 */
export function pages(...keyArgs: readonly string[]): Policy {
  return {
    keyArgs,
    merge(existing, incoming, { args }) {
      const before = args?.['before'] != null;
      if (existing === undefined || (!before && args?.['after'] == null)) return incoming;
      const [left, right] = before ? [incoming, existing] : [existing, incoming];
      const positions = [existing.position, incoming.position].filter(position => position !== undefined).sort();
      return {
        ...existing,
        ...incoming,
        ...joined('edges', left, right, incoming, edge => edge['cursor']),
        ...joined('nodes', left, right, incoming, node => (node as { readonly __ref?: string }).__ref),
        ...(left.pageInfo && right.pageInfo && { pageInfo: outer(left.pageInfo, right.pageInfo) }),
        ...(positions[0] !== undefined && { position: positions[0] }),
      };
    },
  };
}

/** The entries of both pages, each once, in the version of the page that arrived last. */
function joined<Name extends 'edges' | 'nodes'>(
  name: Name,
  left: Page,
  right: Page,
  newest: Page,
  keyOf: (entry: NonNullable<Page[Name]>[number]) => unknown,
): Partial<Page> {
  const fresh = newest[name];
  if (fresh === undefined || left[name] === undefined || right[name] === undefined) return {};
  const keys = new Set(fresh.map(keyOf));
  keys.delete(undefined);
  const kept = (page: Page) => (page === newest ? fresh : (page[name] ?? []).filter(entry => !keys.has(keyOf(entry))));
  return { [name]: [...kept(left), ...kept(right)] };
}

function outer(left: NonNullable<Page['pageInfo']>, right: NonNullable<Page['pageInfo']>): Page['pageInfo'] {
  const from = (page: typeof left, ...names: string[]) =>
    Object.fromEntries(names.filter(name => name in page).map(name => [name, page[name]]));
  return { ...left, ...from(left, 'startCursor', 'hasPreviousPage'), ...from(right, 'endCursor', 'hasNextPage') };
}
