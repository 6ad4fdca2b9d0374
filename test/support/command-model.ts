// The business rules, written a second time and as plainly as possible: mutable maps, one world, no events. It shares
// no code with src/, so that an agreement of both means something.

export type Asked =
  | { readonly type: 'register'; readonly customer: number }
  | { readonly type: 'addProduct'; readonly product: number; readonly price: number; readonly currency: string }
  | { readonly type: 'setPrice'; readonly product: number; readonly price: number; readonly currency: string }
  | { readonly type: 'setAvailable'; readonly product: number; readonly available: boolean }
  | { readonly type: 'create'; readonly order: number; readonly customer: number; readonly items: readonly AskedItem[] }
  | ({ readonly type: 'add'; readonly order: number } & AskedItem)
  | { readonly type: 'remove'; readonly order: number; readonly line: number }
  | { readonly type: 'setQuantity'; readonly order: number; readonly line: number; readonly quantity: number }
  | { readonly type: 'submit' | 'confirm' | 'ship' | 'deliver' | 'cancel'; readonly order: number };

export interface AskedItem {
  readonly product: number;
  readonly quantity: number;
  readonly line: number;
}

export interface Request {
  readonly asked: Asked;
  readonly key: number;
  /** Undefined: staff. */
  readonly asCustomer: number | undefined;
  readonly expectedVersion: number | undefined;
}

export type Expected =
  | { readonly type: 'accepted'; readonly version: number; readonly replayed: boolean }
  | { readonly type: 'rejected'; readonly reason: string }
  | { readonly type: 'not-found' }
  | { readonly type: 'version-conflict'; readonly actualVersion: number }
  | { readonly type: 'key-reused' };

interface Line {
  line: number;
  product: number;
  price: number;
  quantity: number;
}

interface Order {
  customer: number;
  status: string;
  currency: string | undefined;
  lines: Line[];
}

type Refusal = string;

export class Model {
  readonly #versions = new Map<string, number>();
  readonly #customers = new Set<number>();
  readonly #products = new Map<number, { price: number; currency: string; available: boolean }>();
  readonly #orders = new Map<number, Order>();
  readonly #keys = new Map<number, { asked: string; version: number }>();

  answer({ asked, key, asCustomer, expectedVersion }: Request): Expected {
    const stored = this.#keys.get(key);
    if (stored) {
      if (stored.asked !== JSON.stringify(asked)) return { type: 'key-reused' };
      return { type: 'accepted', version: stored.version, replayed: true };
    }
    const stream = streamOf(asked);
    const version = this.#versions.get(stream) ?? 0;
    const creates = ['register', 'addProduct', 'create'].includes(asked.type);
    if (!creates && (version === 0 || !this.#sees(asked, asCustomer))) return { type: 'not-found' };
    if (expectedVersion !== undefined && expectedVersion !== version) {
      return { type: 'version-conflict', actualVersion: version };
    }
    const happened = this.#happens(asked);
    if (typeof happened === 'string') return { type: 'rejected', reason: happened };
    const reached = version + happened;
    this.#versions.set(stream, reached);
    this.#keys.set(key, { asked: JSON.stringify(asked), version: reached });
    return { type: 'accepted', version: reached, replayed: false };
  }

  /** The orders at the end, to be compared with the view. */
  orders(): ReadonlyMap<number, { status: string; total: number; itemCount: number; version: number }> {
    return new Map(
      [...this.#orders].map(([id, { status, lines }]) => {
        const total = lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
        const itemCount = lines.reduce((sum, { quantity }) => sum + quantity, 0);
        return [id, { status, total, itemCount, version: this.#versions.get(`order ${id}`) ?? 0 }];
      }),
    );
  }

  #sees(asked: Asked, asCustomer: number | undefined): boolean {
    return asCustomer === undefined || !('order' in asked) || this.#orders.get(asked.order)?.customer === asCustomer;
  }

  /** The number of events of a command, or the reason of its rejection. */
  #happens(asked: Asked): number | Refusal {
    switch (asked.type) {
      case 'register':
        if (this.#customers.has(asked.customer)) return 'CUSTOMER_ALREADY_EXISTS';
        this.#customers.add(asked.customer);
        return 1;
      case 'addProduct':
        if (this.#products.has(asked.product)) return 'PRODUCT_ALREADY_EXISTS';
        this.#products.set(asked.product, { price: asked.price, currency: asked.currency, available: true });
        return 1;
      case 'setPrice':
        Object.assign(this.#products.get(asked.product) ?? {}, { price: asked.price, currency: asked.currency });
        return 1;
      case 'setAvailable':
        Object.assign(this.#products.get(asked.product) ?? {}, { available: asked.available });
        return 1;
      case 'create':
        return this.#create(asked.order, asked.customer, asked.items);
      case 'add':
        return this.#inDraft(asked.order, order => this.#add(order, asked));
      case 'remove':
        return this.#inDraft(asked.order, order => {
          if (!order.lines.some(({ line }) => line === asked.line)) return 'LINE_NOT_FOUND';
          order.lines = order.lines.filter(({ line }) => line !== asked.line);
          return 1;
        });
      case 'setQuantity':
        return this.#inDraft(asked.order, order => {
          if (asked.quantity < 1 || asked.quantity > 10_000) return 'QUANTITY_OUT_OF_RANGE';
          const found = order.lines.find(({ line }) => line === asked.line);
          if (!found) return 'LINE_NOT_FOUND';
          const before = found.quantity;
          found.quantity = asked.quantity;
          if (tooMuch(order)) {
            found.quantity = before;
            return 'TOTAL_OUT_OF_RANGE';
          }
          return 1;
        });
      case 'submit':
        return this.#inDraft(asked.order, order => {
          if (order.lines.length === 0) return 'ORDER_EMPTY';
          order.status = 'SUBMITTED';
          return 1;
        });
      case 'confirm':
        return this.#move(asked.order, 'SUBMITTED', 'CONFIRMED', 'ORDER_NOT_SUBMITTED');
      case 'ship':
        return this.#move(asked.order, 'CONFIRMED', 'SHIPPED', 'ORDER_NOT_CONFIRMED');
      case 'deliver':
        return this.#move(asked.order, 'SHIPPED', 'DELIVERED', 'ORDER_NOT_SHIPPED');
      case 'cancel': {
        const order = this.#order(asked.order);
        if (order.status === 'CANCELLED') return 'ORDER_CANCELLED';
        if (order.status === 'SHIPPED' || order.status === 'DELIVERED') return 'ORDER_ALREADY_SHIPPED';
        order.status = 'CANCELLED';
        return 1;
      }
    }
  }

  #order(id: number): Order {
    const order = this.#orders.get(id);
    if (!order) throw new Error('a missing order must be handled before');
    return order;
  }

  #inDraft(id: number, change: (order: Order) => number | Refusal): number | Refusal {
    const order = this.#order(id);
    if (order.status === 'CANCELLED') return 'ORDER_CANCELLED';
    return order.status === 'DRAFT' ? change(order) : 'ORDER_NOT_DRAFT';
  }

  #move(id: number, from: string, to: string, otherwise: Refusal): number | Refusal {
    const order = this.#order(id);
    if (order.status === 'CANCELLED') return 'ORDER_CANCELLED';
    if (order.status !== from) return otherwise;
    order.status = to;
    return 1;
  }

  #create(id: number, customer: number, items: readonly AskedItem[]): number | Refusal {
    if (this.#orders.has(id)) return 'ORDER_ALREADY_EXISTS';
    if (items.some(({ quantity }) => quantity < 1 || quantity > 10_000)) return 'QUANTITY_OUT_OF_RANGE';
    if (!this.#customers.has(customer)) return 'CUSTOMER_NOT_FOUND';
    const order: Order = { customer, status: 'DRAFT', currency: undefined, lines: [] };
    for (const item of items) {
      const added = this.#add(order, item);
      if (typeof added === 'string') return added;
    }
    this.#orders.set(id, order);
    return 1 + items.length;
  }

  #add(order: Order, { product, quantity, line }: AskedItem): number | Refusal {
    if (quantity < 1 || quantity > 10_000) return 'QUANTITY_OUT_OF_RANGE';
    const offer = this.#products.get(product);
    if (!offer) return 'PRODUCT_NOT_FOUND';
    if (!offer.available) return 'PRODUCT_UNAVAILABLE';
    if (order.currency !== undefined && order.currency !== offer.currency) return 'CURRENCY_MISMATCH';
    const same = order.lines.find(known => known.product === product && known.price === offer.price);
    const taken = order.lines.find(known => known.line === line);
    if (taken && taken !== same) return 'LINE_ALREADY_EXISTS';
    if (same && same.quantity + quantity > 10_000) return 'QUANTITY_OUT_OF_RANGE';
    const before = structuredClone(order.lines);
    if (same) same.quantity += quantity;
    else order.lines.push({ line, product, price: offer.price, quantity });
    if (tooMuch(order)) {
      order.lines = before;
      return 'TOTAL_OUT_OF_RANGE';
    }
    order.currency = offer.currency;
    return 1;
  }
}

function tooMuch({ lines }: Order): boolean {
  const total = lines.reduce((sum, { price, quantity }) => sum + BigInt(price) * BigInt(quantity), 0n);
  return total > BigInt(Number.MAX_SAFE_INTEGER);
}

function streamOf(asked: Asked): string {
  if ('order' in asked) return `order ${asked.order}`;
  return 'product' in asked ? `product ${asked.product}` : `customer ${asked.customer}`;
}
