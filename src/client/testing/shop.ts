import { completeCustomer, completeOrder, completeProduct, statusFields } from './complete.ts';
import { createLog, type Log } from './log.ts';
import type { GivenCustomer, GivenOrder, GivenProduct, GivenRow, GivenShop, Row, RowOf, TypeName } from './rows.ts';

const idPrefixes: { readonly [Type in TypeName]: string } = { Customer: 'cus', Order: 'ord', Product: 'prd' };
/** Time between two given objects, ms. */
const givenIntervalMs = 60_000;

/** A row before it is stored. */
export type Draft<One extends Row> = Omit<One, 'version' | 'position'>;

/** The objects of a scripted server, in all their versions. */
export interface Shop {
  readonly log: Log;
  /** The rows of a type in their newest version, in the order of their first one. */
  all<Type extends TypeName>(type: Type): readonly RowOf<Type>[];
  find<Type extends TypeName>(type: Type, id: string): RowOf<Type> | undefined;
  /** @throws Error if there is no object with this id */
  row(id: string): Row;
  /** All versions of an object, oldest first. */
  versions(id: string): readonly Row[];
  newId(prefix: string): string;
  /** Stores a row as the next version of its object. @param changes that it takes in the log */
  store<One extends Row>(draft: Draft<One>, changes?: number): One;
  /** Objects that are not stored yet. */
  newOrder(given: GivenOrder): Draft<RowOf<'Order'>>;
  newCustomer(given: GivenCustomer): Draft<RowOf<'Customer'>>;
  newProduct(given: GivenProduct): Draft<RowOf<'Product'>>;
  /** Makes an object of what is given. */
  addOrder(given: GivenOrder): RowOf<'Order'>;
  addCustomer(given: GivenCustomer): RowOf<'Customer'>;
  addProduct(given: GivenProduct): RowOf<'Product'>;
  /** The row with other fields, and with what follows from them. */
  changed(current: Row, fields: GivenRow): Draft<Row>;
  /** Continues in another log: with the same objects, or with others. */
  replace(given?: GivenShop): void;
  /** Called after each stored row, and with undefined after the log was replaced. */
  onChange(listener: (row: Row | undefined) => void): void;
}

export function createShop(given: GivenShop): Shop {
  const log = createLog();
  const streams = new Map<string, Row[]>();
  const listeners: ((row: Row | undefined) => void)[] = [];
  let ids = 0;
  /** The time of the next object; undefined: now. */
  let givenAtMs: number | undefined;

  function all<Type extends TypeName>(type: Type): RowOf<Type>[] {
    const rows = [...streams.values()].map(versions => versions.at(-1));
    return rows.filter((row): row is RowOf<Type> => row?.__typename === type);
  }

  function find<Type extends TypeName>(type: Type, id: string): RowOf<Type> | undefined {
    const row = streams.get(id)?.at(-1);
    return row?.__typename === type ? (row as RowOf<Type>) : undefined;
  }

  function row(id: string): Row {
    const found = streams.get(id)?.at(-1);
    if (!found) throw new Error(`The scripted server has no object ${id}.`);
    return found;
  }

  function newId(prefix: string): string {
    return `${prefix}_00000000-0000-4000-8000-${(++ids).toString(16).padStart(12, '0')}`;
  }

  function put<One extends Row>(draft: Draft<One>, version: number, changes: number): One {
    const stored = Object.freeze({ ...draft, version, position: log.append(changes) }) as unknown as One;
    streams.set(stored.id, [...(streams.get(stored.id) ?? []), stored]);
    for (const listener of listeners) listener(stored);
    return stored;
  }

  function store<One extends Row>(draft: Draft<One>, changes = 1): One {
    return put<One>(draft, (streams.get(draft.id)?.at(-1)?.version ?? 0) + changes, changes);
  }

  function time(): string {
    const at = new Date(givenAtMs ?? Date.now()).toISOString();
    if (givenAtMs !== undefined) givenAtMs += givenIntervalMs;
    return at;
  }

  /** Stores a complete object, in the version that it was given. */
  function add<One extends Row>({ version, ...draft }: Draft<One> & { readonly version: number }): One {
    if (streams.has(draft.id)) throw new Error(`The scripted server has an object ${draft.id} already.`);
    return put<One>(draft as unknown as Draft<One>, version, version);
  }

  const newCustomer = (fields: GivenCustomer) =>
    completeCustomer(fields, { id: newId(idPrefixes.Customer), at: time() });
  const newProduct = (fields: GivenProduct) => completeProduct(fields, { id: newId(idPrefixes.Product), at: time() });
  const addCustomer = (fields: GivenCustomer) => add<RowOf<'Customer'>>(newCustomer(fields));
  const addProduct = (fields: GivenProduct) => add<RowOf<'Product'>>(newProduct(fields));
  const addOrder = (fields: GivenOrder) => add<RowOf<'Order'>>(newOrder(fields));

  /** The one with this id, or any if no id is given: made if there is none. */
  const customerFor = (id: string | undefined) =>
    (id === undefined ? all('Customer')[0] : find('Customer', id)) ?? addCustomer(id === undefined ? {} : { id });
  const productFor = (id: string | undefined) =>
    (id === undefined ? all('Product')[0] : find('Product', id)) ?? addProduct(id === undefined ? {} : { id });
  const parts = { productFor, newId: () => newId('lin') };

  function newOrder(fields: GivenOrder) {
    const customer = customerFor(fields.customerId);
    const start = { id: newId(idPrefixes.Order), at: time(), customer, number: all('Order').length + 1 };
    return completeOrder(fields, start, parts);
  }

  function fill({ customers = [], products = [], orders = [] }: GivenShop): void {
    const count = customers.length + products.length + orders.length;
    givenAtMs = Date.now() - count * givenIntervalMs;
    for (const one of customers) addCustomer(one);
    for (const one of products) addProduct(one);
    for (const one of orders) addOrder(one);
    givenAtMs = undefined;
  }

  function changed(current: Row, fields: GivenRow): Draft<Row> {
    const at = new Date().toISOString();
    if (current.__typename !== 'Order') return { ...current, updatedAt: at, ...fields };
    const { lines, ...others } = fields as GivenOrder;
    const start = { id: current.id, at, customer: customerFor(current.customerId), number: 0 };
    const changedLines = lines && completeOrder({ lines }, start, parts);
    return {
      ...current,
      updatedAt: at,
      ...(others.status !== undefined && statusFields(others.status, at, current)),
      ...others,
      ...(changedLines && { lines: changedLines.lines, currency: changedLines.currency }),
    };
  }

  fill(given);
  return {
    log,
    all,
    find,
    row,
    versions: id => streams.get(id) ?? [],
    newId,
    store,
    newOrder,
    newCustomer,
    newProduct,
    addOrder,
    addCustomer,
    addProduct,
    changed,
    replace(others) {
      const moved = log.replace();
      if (others) {
        streams.clear();
        log.empty();
        fill(others);
      } else {
        for (const [id, versions] of streams) {
          streams.set(
            id,
            versions.map(one => Object.freeze({ ...one, position: moved(one.position) })),
          );
        }
      }
      for (const listener of listeners) listener(undefined);
    },
    onChange: listener => void listeners.push(listener),
  };
}
