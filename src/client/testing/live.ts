import { codedError } from './coded-error.ts';
import { type Context, customerNameOf, maySee, nodeOf } from './nodes.ts';
import { later } from './network.ts';
import { matches, mayEverMatch, type OrderFilter } from './order-filter.ts';
import { countedCustomer, countsNow, isVisibleCustomer, onlyStaff } from './queries.ts';
import type { Row, TypeName } from './rows.ts';
import { isFound } from './search.ts';
import type { Shop } from './shop.ts';

export type LiveKind = 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS';

/** A frame before its operation selects from it. */
export interface Frame {
  readonly kind: LiveKind;
  readonly position: string;
  /** The value of the subscription's field. */
  readonly value: object;
}

interface Arguments {
  readonly id?: string;
  readonly customerId?: string | null;
  readonly filter?: OrderFilter | null;
  readonly search?: string | null;
}

/** One open subscription. */
interface Watch {
  readonly context: Context;
  readonly args: Arguments;
}

interface LiveField {
  /** What it sends first without `after`. */
  readonly firstKind: 'SNAPSHOT' | 'PROGRESS';
  /** @throws if the viewer may not watch this */
  check(watch: Watch): void;
  /** Whether a change of this row concerns the subscription. */
  concerns(watch: Watch, row: Row): boolean;
  /** The frame about such a row; undefined if nothing of it has changed. */
  about(watch: Watch, row: Row, kind: LiveKind): Frame | undefined;
  /** The frame about no single row. */
  whole(watch: Watch, kind: LiveKind, position: string): Frame;
}

const fields: { readonly [Field in string]?: LiveField } = {
  orderUpdated: objectField('Order'),
  customerUpdated: objectField('Customer'),
  ordersUpdated: listField(
    'Order',
    onlyStaff,
    ({ args }, row) => row.__typename === 'Order' && mayEverMatch(row, args.filter),
  ),
  customerOrdersUpdated: listField(
    'Order',
    (context, { customerId }) => checkCustomer(context, customerId ?? ''),
    ({ args }, row) =>
      row.__typename === 'Order' && row.customerId === args.customerId && mayEverMatch(row, args.filter),
  ),
  productsUpdated: listField(
    'Product',
    () => undefined,
    (_watch, row) => row.__typename === 'Product',
  ),
  orderCountsUpdated: countsField(),
};

export interface Live {
  /** Whether this field of Subscription is played. */
  has(field: string): boolean;
  /**
   * @param after resume after this position
   * @returns a function that ends the subscription
   * @throws if the viewer may not watch this
   */
  open(field: string, watch: Watch, after: string | undefined, send: (frame: Frame) => void): () => void;
  /** Sends a frame about a row to the subscriptions that it concerns. */
  send(row: Row, kind: LiveKind): void;
  /** Sends PROGRESS to all lists. */
  progress(): void;
}

export function createLive(shop: Shop): Live {
  const open = new Set<{ field: LiveField; watch: Watch; send: (frame: Frame | undefined) => void }>();

  function send(row: Row, kind: LiveKind): void {
    for (const { field, watch, send } of [...open]) {
      if (field.concerns(watch, row)) send(field.about(watch, row, kind));
    }
  }

  shop.onChange(row => {
    if (row) send(row, 'UPDATE');
    else for (const { field, watch, send } of [...open]) send(resync(field, watch, shop));
  });

  return {
    has: name => fields[name] !== undefined,
    open(name, watch, after, sendFrame) {
      const field = fields[name] as LiveField;
      field.check(watch);
      const one = {
        field,
        watch,
        // Later: a command on the same socket is answered first.
        send: (frame: Frame | undefined) => frame && later(0, () => open.has(one) && sendFrame(frame)),
      };
      for (const frame of firstFrames(field, watch, after, shop)) sendFrame(frame);
      open.add(one);
      return () => void open.delete(one);
    },
    send,
    progress() {
      for (const { field, watch, send } of [...open]) {
        if (field.firstKind === 'PROGRESS') send(field.whole(watch, 'PROGRESS', shop.log.position));
      }
    },
  };
}

function firstFrames(field: LiveField, watch: Watch, after: string | undefined, shop: Shop): readonly Frame[] {
  const { log } = shop;
  if (after !== undefined && !log.holds(after)) return [resync(field, watch, shop)];
  const newer = (['Order', 'Customer', 'Product'] as const)
    .flatMap((type): readonly Row[] => shop.all(type))
    .filter(row => after !== undefined && row.position > after && field.concerns(watch, row))
    .sort((one, other) => (one.position < other.position ? -1 : 1));
  if (field.firstKind === 'PROGRESS') {
    const updates = newer.flatMap(row => field.about(watch, row, 'UPDATE') ?? []);
    return [field.whole(watch, 'PROGRESS', after ?? log.position), ...updates];
  }
  // Left out if the subscriber has it already.
  return after === undefined || newer.length > 0 ? [field.whole(watch, 'SNAPSHOT', log.position)] : [];
}

function resync(field: LiveField, watch: Watch, { log }: Shop): Frame {
  return field.whole(watch, 'RESYNC', log.position);
}

function frame(kind: LiveKind, position: string, value: object): Frame {
  return { kind, position, value: { kind, position, ...value } };
}

function objectField(type: TypeName): LiveField {
  const name = type.toLowerCase();
  const frameOf = ({ context }: Watch, row: Row, kind: LiveKind) =>
    frame(kind, row.position, { [name]: nodeOf(context.shop, row) });
  const rowOf = ({ context, args }: Watch) => {
    const row = context.shop.find(type, args.id ?? '');
    if (row && maySee(context.viewer, row)) return row;
    throw codedError('NOT_FOUND', `There is no ${name} with this id.`);
  };
  return {
    firstKind: 'SNAPSHOT',
    check: watch => void rowOf(watch),
    concerns: ({ args }, row) => row.id === args.id,
    about: frameOf,
    whole: (watch, kind) => frameOf(watch, rowOf(watch), kind),
  };
}

/** @param concerns whether a row was ever in the list or may come into it */
function listField(
  type: 'Order' | 'Product',
  check: (context: Context, args: Arguments) => void,
  concerns: (watch: Watch, row: Row) => boolean,
): LiveField {
  const name = type.toLowerCase();
  return {
    firstKind: 'PROGRESS',
    check: ({ context, args }) => check(context, args),
    concerns,
    about(watch, row, kind) {
      const { shop } = watch.context;
      const value = { [`${name}Id`]: row.id, matches: matchesNow(watch, row), [name]: nodeOf(shop, row) };
      return frame(kind, row.position, value);
    },
    whole: (_watch, kind, position) => frame(kind, position, {}),
  };
}

function matchesNow({ context: { shop }, args }: Watch, row: Row): boolean {
  if (row.__typename === 'Order') return matches(row, args.filter, customerNameOf(shop, row));
  return row.__typename === 'Product' && isFound(args.search, [row.name, row.sku]);
}

/** Sends the counts only if they are others than those that were sent before. */
function countsField(): LiveField {
  const sent = new WeakMap<Watch, string>();
  const valueOf = ({ context, args }: Watch) => countsNow(context, countedCustomer(context, args.customerId));
  const textOf = (counts: object) => JSON.stringify({ ...counts, position: undefined });
  const whole = (watch: Watch, kind: LiveKind, position: string) => {
    const counts = valueOf(watch);
    sent.set(watch, textOf(counts));
    return frame(kind, position, { counts });
  };
  return {
    firstKind: 'SNAPSHOT',
    check(watch) {
      const customerId = countedCustomer(watch.context, watch.args.customerId);
      if (customerId !== undefined) checkCustomer(watch.context, customerId);
      sent.set(watch, textOf(valueOf(watch)));
    },
    concerns({ context, args }, row) {
      const customerId = countedCustomer(context, args.customerId);
      return row.__typename === 'Order' && (customerId === undefined || row.customerId === customerId);
    },
    about: (watch, row, kind) =>
      textOf(valueOf(watch)) === sent.get(watch) ? undefined : whole(watch, kind, row.position),
    whole,
  };
}

function checkCustomer(context: Context, customerId: string): void {
  if (!isVisibleCustomer(context, customerId)) throw codedError('NOT_FOUND', 'There is no customer with this id.');
}
