import type { OrderSort } from './list-documents.ts';
import { comparePlaces, type Place, placeAt } from './list-place.ts';
import type { Data } from './data.ts';
import { hasSameFields } from './same-fields.ts';
import type { Session } from './session.ts';

/** A page of a column, as the server answers it. */
export interface OrderPage {
  readonly edges: readonly { readonly cursor: string; readonly node: Data }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
  readonly position: string;
}

/** What a column shows now. */
export interface ShownColumn {
  readonly rows: readonly Data[];
  readonly hasMore: boolean;
  /** Fewer rows are shown than are wanted, and there are more. */
  readonly isShort: boolean;
  /**
   * More rows have to be loaded after this place. One more row than is shown has to be known: it says that there are
   * more, and takes the place of a row that leaves.
   */
  readonly missing: { readonly after: Place; readonly count: number } | undefined;
}

/** What is known of one order. */
interface Listing {
  /** In the newest version that was received. */
  readonly entity: Data;
  /** What is shown without overlays. */
  readonly shown: Shown;
  /** Whether it met the list's filter at the position `asOf`. */
  readonly matches: boolean;
  readonly asOf: string;
}

interface Shown {
  readonly row: Data;
  readonly status: unknown;
  readonly place: Place;
}

interface Column {
  /** Undefined: orders of every status. */
  readonly statuses: readonly string[] | undefined;
  /** The number of rows to show, if there are as many. */
  wanted: number;
  /** All orders up to this place are known. Undefined: none yet; null: all orders of the column are known. */
  end: Place | null | undefined;
  last: ShownColumn;
}

export interface BoardRowsOptions {
  readonly statuses: readonly (readonly string[] | undefined)[];
  readonly pageSize: number;
  readonly orderBy: OrderSort;
  readonly session: Pick<Session, 'entities' | 'overlays'>;
  /** Whether an order that only an overlay knows is on the board. */
  readonly isListed: (order: Data) => boolean;
}

/**
 * The rows of a board. Each order is known once, in its newest version, and is in at most one column. A column has
 * loaded a piece of its list, from the start to `end`, and shows the first rows of it. So whether an order is shown is
 * not decided when a frame or a page arrives, but follows from what is known of it.
 */
export interface BoardRows {
  takePage(column: number, page: OrderPage): void;
  /** @param matches at this position */
  takeOrder(entity: Data, matches: boolean, position: string): void;
  /** Replaces orders by the newest state that the session knows. @returns whether there was any */
  renew(keys: ReadonlySet<string>, renewed: (entity: Data) => Data): boolean;
  /** The most rows that a column wants to show. */
  readonly mostWanted: number;
  /** Shows one more page of the column. */
  want(column: number): void;
  /** @param position everything up to it was taken */
  show(position: string | undefined): readonly ShownColumn[];
  /**
   * Forgets orders that no column shows or will need soon.
   * @param isLoading columns whose next page is being loaded
   * @param floor no page that will arrive is older than this position
   */
  forget(isLoading: (column: number) => boolean, floor: string | undefined): void;
  /** Forgets all orders. The columns keep the number of rows that they show. */
  clear(): void;
}

const nothing: ShownColumn = { rows: [], hasMore: false, isShort: false, missing: undefined };
const keyOf = (id: string) => `Order:${id}`;
const versionOf = (entity: Data) => entity['orderstream_version'] as number;
const sortNames = { CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt', TOTAL: 'total' } as const;

export function createBoardRows(options: BoardRowsOptions): BoardRows {
  const { pageSize, orderBy, isListed } = options;
  const { entities, overlays } = options.session;
  const compare = comparePlaces(orderBy);
  const listings = new Map<string, Listing>();
  /** Orders with overlays, as they were shown last. */
  const overlaid = new Map<string, Shown>();
  let lastOrder: readonly string[] = [];
  const columns = options.statuses.map(
    (statuses): Column => ({ statuses, wanted: pageSize, end: undefined, last: nothing }),
  );

  function takeOrder(entity: Data, matches: boolean, position: string): void {
    const id = entity['orderstream_id'] as string;
    const known = listings.get(id);
    const newest = !known || versionOf(entity) > versionOf(known.entity) ? listingOf(entity) : known;
    const latest = !known || position >= known.asOf ? { matches, asOf: position } : known;
    listings.set(id, { ...newest, matches: latest.matches, asOf: latest.asOf });
  }

  function isInColumn({ statuses, end }: Column, { status, place }: Shown): boolean {
    if (statuses && !statuses.includes(status as string)) return false;
    return end === null || (end !== undefined && compare(place, end) <= 0);
  }

  function withOverlays(id: string, listing: Listing | undefined): Shown | undefined {
    const row = overlays.apply(keyOf(id), listing?.entity) as Data;
    if (listing) {
      const { status, place } = listing.shown;
      return { row, status: overlays.apply(keyOf(id), { status })['status'], place };
    }
    const value = valueOf(row[sortNames[orderBy.field]]);
    return value === undefined || !isListed(row)
      ? undefined
      : { row, status: row['status'], place: { value: value as Place['value'], id } };
  }

  /**
   * An order whose newest state is known elsewhere, but not here: its frame is still to come. So what an overlay showed
   * is kept until then, although the overlay has ended.
   */
  function isAwaited(id: string, listing: Listing | undefined, position: string | undefined): boolean {
    const known = entities.known(keyOf(id));
    const shownVersion = listing ? versionOf(listing.entity) : 0;
    return known !== undefined && known.version > shownVersion && (position === undefined || known.position > position);
  }

  function showOverlays(position: string | undefined): void {
    const keys = new Set(overlays.current.map(({ key }) => key));
    for (const id of overlaid.keys()) {
      if (!keys.has(keyOf(id)) && !isAwaited(id, listings.get(id), position)) overlaid.delete(id);
    }
    for (const key of keys) {
      if (!key.startsWith(keyOf(''))) continue;
      const id = key.slice(keyOf('').length);
      const listing = listings.get(id);
      const isShown =
        listing !== undefined ||
        entities.known(key) === undefined ||
        (overlaid.has(id) && isAwaited(id, undefined, position));
      const shown = isShown ? withOverlays(id, listing) : undefined;
      const last = overlaid.get(id);
      if (!shown) overlaid.delete(id);
      else overlaid.set(id, last && hasSameFields(last.row, shown.row) ? { ...shown, row: last.row } : shown);
    }
  }

  /** What is shown, sorted. It begins in the order of the last time: nearly sorted, thousands of orders sort quickly. */
  function shownOrders(): Shown[] {
    const all = new Map<string, Shown>();
    for (const [id, listing] of listings) {
      if (listing.matches) all.set(id, overlaid.get(id) ?? listing.shown);
    }
    for (const [id, shown] of overlaid) {
      if (!listings.has(id)) all.set(id, shown);
    }
    const sorted: Shown[] = [];
    for (const id of lastOrder) {
      const shown = all.get(id);
      if (shown && all.delete(id)) sorted.push(shown);
    }
    sorted.push(...all.values());
    sorted.sort((left, right) => compare(left.place, right.place));
    lastOrder = sorted.map(({ place }) => place.id);
    return sorted;
  }

  function shownColumn(column: Column, all: readonly Shown[]): ShownColumn {
    const { end, wanted, last } = column;
    const rows = all.filter(shown => isInColumn(column, shown)).map(({ row }) => row);
    const hasMore = rows.length > wanted || end != null;
    const missing = rows.length <= wanted && end ? { after: end, count: wanted + 1 - rows.length } : undefined;
    const isShort = rows.length < wanted && end != null;
    rows.length = Math.min(rows.length, wanted);
    const isUnchanged = rows.length === last.rows.length && rows.every((row, index) => row === last.rows[index]);
    return { rows: isUnchanged ? last.rows : rows, hasMore, isShort, missing };
  }

  /** A column that grew by frames keeps one page beyond what it shows. */
  function shorten(column: Column): void {
    const places = [...listings.values()]
      .filter(({ matches, shown }) => matches && isInColumn(column, shown))
      .map(({ shown }) => shown.place);
    if (places.length > column.wanted + 2 * pageSize) column.end = places.sort(compare)[column.wanted + pageSize - 1];
  }

  return {
    takeOrder,
    takePage(index, { edges, pageInfo, position }) {
      const column = columns[index] as Column;
      for (const { node } of edges) takeOrder(node, true, position);
      const last = edges.at(-1);
      if (!pageInfo.hasNextPage || !last) {
        column.end = null;
        return;
      }
      const end = placeAt(last.cursor);
      if (!column.end || compare(end, column.end) > 0) column.end = end;
    },
    renew(keys, renewed) {
      // Another entity may be part of any row.
      const isOther = [...keys].some(key => !key.startsWith(keyOf('')));
      let isChanged = false;
      for (const [id, listing] of listings) {
        if (!isOther && !keys.has(keyOf(id))) continue;
        const entity = renewed(listing.entity);
        if (entity === listing.entity) continue;
        listings.set(id, { ...listing, ...listingOf(entity) });
        isChanged = true;
      }
      return isChanged;
    },
    get mostWanted() {
      return Math.max(...columns.map(({ wanted }) => wanted));
    },
    want(index) {
      (columns[index] as Column).wanted += pageSize;
    },
    show(position) {
      showOverlays(position);
      const all = shownOrders();
      return columns.map(column => (column.last = shownColumn(column, all)));
    },
    forget(isLoading, floor) {
      columns.forEach((column, index) => {
        if (!isLoading(index)) shorten(column);
      });
      for (const [id, listing] of listings) {
        const isNeeded =
          overlaid.has(id) ||
          (floor !== undefined && listing.asOf > floor) ||
          (listing.matches && columns.some(column => isInColumn(column, listing.shown)));
        if (!isNeeded) listings.delete(id);
      }
    },
    clear() {
      listings.clear();
      overlaid.clear();
      for (const column of columns) column.end = undefined;
    },
  };
}

function listingOf(entity: Data): Pick<Listing, 'entity' | 'shown'> {
  const place = {
    value: valueOf(entity['orderstream_sort']) as Place['value'],
    id: entity['orderstream_id'] as string,
  };
  return { entity, shown: { row: entity, status: entity['orderstream_status'], place } };
}

/** Totals are sorted by their amount in the smallest unit. */
function valueOf(sort: unknown): unknown {
  return typeof sort === 'object' && sort !== null ? (sort as { readonly minorUnits?: unknown }).minorUnits : sort;
}
