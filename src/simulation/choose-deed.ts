/** An entry of the catalogue that can be ordered. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
}

export interface OrderLine {
  readonly id: string;
  readonly productName: string;
  readonly quantity: number;
}

/** An order of this simulation, as in the last response about it. */
export interface OpenOrder {
  readonly id: string;
  readonly number: string;
  /** Index of its customer. */
  readonly customer: number;
  readonly status: 'DRAFT' | 'SUBMITTED' | 'CONFIRMED' | 'SHIPPED';
  readonly lines: readonly OrderLine[];
  /** E.g. "34.50 EUR"; `currency` is XXX until the first line sets it. */
  readonly total: { readonly amount: string; readonly currency: string };
}

/** One action of a person. */
export type Deed =
  | { readonly type: 'create'; readonly customer: number; readonly items: readonly Item[] }
  | ({ readonly type: 'add'; readonly order: OpenOrder } & Item)
  | { readonly type: 'change'; readonly order: OpenOrder; readonly line: OrderLine; readonly quantity: number }
  | { readonly type: 'remove'; readonly order: OpenOrder; readonly line: OrderLine }
  | { readonly type: 'submit' | 'confirm' | 'deliver'; readonly order: OpenOrder }
  | { readonly type: 'ship'; readonly order: OpenOrder; readonly carrier: string }
  | { readonly type: 'cancel'; readonly order: OpenOrder; readonly reason: string };

export interface Item {
  readonly product: Product;
  readonly quantity: number;
}

/** The things on which people can act. */
export interface World {
  readonly customers: number;
  readonly products: readonly Product[];
  /** Orders without a request in flight. */
  readonly orders: readonly OpenOrder[];
}

/** Maximum number of open orders: few, so that a viewer of one order sees a change every few seconds. */
const maxOpenOrders = 12;
const maxLines = 5;
const maxUnits = 5;
const reasons = ['changed my mind', 'found it elsewhere', 'ordered by mistake'];
const carriers = ['Speedy Express', 'United Package', 'Federal Shipping'];

/**
 * Chooses the next action, with the probabilities of a shop in which most orders are delivered.
 * @param random like Math.random
 * @returns undefined if no action is possible
 */
export function chooseDeed(world: World, random: () => number): Deed | undefined {
  const chance = new Chance(random);
  const { orders, products } = world;
  // The more open orders, the lower the probability of another one.
  const start = orders.length < maxOpenOrders && random() < 2 / (2 + orders.length);
  const order = start ? undefined : chance.oneOf(orders);
  return order ? chance.oneOf(deedsOn(order, products, chance)) : create(world, chance);
}

function create({ customers, products }: World, chance: Chance): Deed | undefined {
  const product = chance.oneOf(products);
  if (product === undefined) return undefined;
  const others = products.filter(other => other !== product && other.currency === product.currency);
  const wanted = [product, chance.oneOf([undefined, chance.oneOf(others)])].filter(one => one !== undefined);
  const items = wanted.map(one => ({ product: one, quantity: chance.upTo(maxUnits) }));
  return { type: 'create', customer: chance.upTo(customers) - 1, items };
}

/** The possible actions; a likely action occurs several times. */
function deedsOn(order: OpenOrder, products: readonly Product[], chance: Chance): Deed[] {
  const cancel: Deed = { type: 'cancel', order, reason: chance.oneOf(reasons) ?? '' };
  switch (order.status) {
    case 'DRAFT':
      return [...draftDeedsOn(order, products, chance), cancel];
    case 'SUBMITTED':
      return [...times(5, { type: 'confirm', order }), cancel];
    case 'CONFIRMED':
      return [...times(9, { type: 'ship', order, carrier: chance.oneOf(carriers) ?? '' }), cancel];
    case 'SHIPPED':
      return [{ type: 'deliver', order }];
  }
}

function draftDeedsOn(order: OpenOrder, products: readonly Product[], chance: Chance): Deed[] {
  const { lines, total } = order;
  const fitting = products.filter(({ currency }) => total.currency === 'XXX' || currency === total.currency);
  const product = lines.length < maxLines ? chance.oneOf(fitting) : undefined;
  const line = chance.oneOf(lines);
  // Never the current quantity: viewers would see no change.
  const quantity = line && 1 + ((line.quantity + chance.upTo(maxUnits - 1) - 1) % maxUnits);
  return [
    ...(product ? times(4, { type: 'add', order, product, quantity: chance.upTo(maxUnits) }) : []),
    ...(line && quantity ? times(3, { type: 'change', order, line, quantity }) : []),
    ...(line && lines.length > 1 ? times(1, { type: 'remove', order, line }) : []),
    ...(line ? times(4, { type: 'submit', order }) : []),
  ];
}

function times(count: number, deed: Deed): Deed[] {
  return Array.from({ length: count }, () => deed);
}

class Chance {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A random whole number from 1 to `most`. */
  upTo(most: number): number {
    return 1 + Math.floor(this.#random() * most);
  }

  oneOf<Choice>(choices: readonly Choice[]): Choice | undefined {
    return choices[Math.floor(this.#random() * choices.length)];
  }
}
