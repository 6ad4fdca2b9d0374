import { pause } from '../async/pause.ts';
import { chooseDeed, type Deed, type OpenOrder, type Product } from './choose-deed.ts';
import { requestOf, tell, tellRefused } from './deed-request.ts';
import type { People, Person, ShopApi } from './people.ts';

/** Maximum number of requests in flight: more would slow down a server that is already behind. */
const maxInFlight = 64;

/** The number of actions by type. */
export interface Summary {
  readonly done: ReadonlyMap<Deed['type'], number>;
  readonly rejected: number;
  /** Actions whose outcome was unknown when the simulation ended. */
  readonly unanswered: number;
}

interface Answer {
  readonly result: {
    readonly __typename: string;
    readonly order?: (Omit<OpenOrder, 'customer' | 'status'> & { readonly status: string }) | null;
    readonly message?: string;
    readonly reason?: string;
    readonly path?: readonly string[];
  };
}

interface Parts<One extends Person> {
  readonly api: ShopApi<One>;
  readonly people: People<One>;
  readonly products: readonly Product[];
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/**
 * Performs actions at a rate per second until the signal aborts, and then waits for those in flight.
 * @throws StartError if the operator must do something
 */
export async function simulate<One extends Person>(parts: Parts<One> & { readonly rate: number }): Promise<Summary> {
  const { rate, signal } = parts;
  const shop = new Shop(parts);
  const inFlight = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  for (let next = performance.now(); ; next = Math.max(next + 1_000 / rate, performance.now() - 1_000)) {
    await pause(next - performance.now(), signal);
    while (inFlight.size >= maxInFlight) await Promise.race(inFlight);
    if (signal.aborted || failure) break;
    const deed = shop
      .letSomebodyAct()
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => inFlight.delete(deed));
    inFlight.add(deed);
  }
  await Promise.all(inFlight);
  if (failure) throw failure.error;
  return shop;
}

/** The open orders of this simulation, and the people who act. */
class Shop<One extends Person> implements Summary {
  readonly done = new Map<Deed['type'], number>();
  rejected = 0;
  unanswered = 0;
  readonly #parts: Parts<One>;
  readonly #run = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  readonly #orders = new Map<string, OpenOrder>();
  readonly #busy = new Set<string>();
  #products: readonly Product[];
  #deeds = 0;

  constructor(parts: Parts<One>) {
    this.#parts = parts;
    this.#products = parts.products;
  }

  async letSomebodyAct(): Promise<void> {
    const orders = [...this.#orders.values()].filter(({ id }) => !this.#busy.has(id));
    const { people, signal } = this.#parts;
    const deed = chooseDeed({ customers: people.customers.length, products: this.#products, orders }, Math.random);
    if (deed === undefined) return;
    const order = deed.type === 'create' ? undefined : deed.order;
    if (order) this.#busy.add(order.id);
    try {
      await this.#act(deed, order);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.unanswered++;
    } finally {
      if (order) this.#busy.delete(order.id);
    }
  }

  async #act(deed: Deed, before: OpenOrder | undefined): Promise<void> {
    const { api, people, print } = this.#parts;
    const { by, document, input } = requestOf(deed);
    const customer = deed.type === 'create' ? deed.customer : deed.order.customer;
    const person = by === 'staff' ? people.staff : customerAt(people, customer);
    const idempotencyKey = `simulate-${this.#run}-${++this.#deeds}`;
    const { result } = await api.ask<Answer>(person, document, { input: { ...input, idempotencyKey } });

    if (before) this.#orders.delete(before.id);
    if (result.__typename !== 'OrderCommandPayload') {
      // Another caller has changed the order or the catalogue: this simulation drops the order.
      this.rejected++;
      this.#withdraw(deed, result);
      print(tellRefused(deed, person.name, result.message ?? result.__typename));
      return;
    }
    this.done.set(deed.type, (this.done.get(deed.type) ?? 0) + 1);
    // Null if the order is stored but could not be read.
    if (!result.order) return;
    print(tell(deed, person.name, result.order));
    const { status } = result.order;
    if (isOpen(status)) this.#orders.set(result.order.id, { ...result.order, status, customer });
  }

  #withdraw(deed: Deed, { reason, path }: Answer['result']): void {
    if (!reason?.startsWith('PRODUCT_')) return;
    const items = deed.type === 'create' ? deed.items : deed.type === 'add' ? [deed] : [];
    const { product } = items[Number(path?.[2] ?? 0)] ?? items[0] ?? {};
    this.#products = this.#products.filter(other => other !== product);
  }
}

function customerAt<One extends Person>({ customers, staff }: People<One>, index: number): One {
  return customers[index] ?? staff;
}

/** The statuses for which there is a next deed: an order with any other status is left alone. */
const openStatuses: readonly string[] = [
  'DRAFT',
  'SUBMITTED',
  'CONFIRMED',
  'SHIPPED',
] satisfies readonly OpenOrder['status'][];

function isOpen(status: string): status is OpenOrder['status'] {
  return openStatuses.includes(status);
}
