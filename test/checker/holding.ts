import type { Connection, Received, Shown, Watched } from './history.ts';

/** What a subscriber shows its user: frames applied to the state before, as docs/clients.md says. */
export interface Holding {
  begin(connection: Pick<Connection, 'page'>): void;
  take(frame: Received): void;
  readonly orders: ReadonlyMap<string, Shown>;
  /** Position of the last frame. */
  readonly position: string;
  /** False for a list that must be queried again. */
  readonly valid: boolean;
}

export function openHolding({ kind }: Pick<Watched, 'kind'>): Holding {
  const orders = new Map<string, Shown>();
  const state = { position: '', valid: true };
  return {
    orders,
    get position() {
      return state.position;
    },
    get valid() {
      return state.valid;
    },
    begin({ page }) {
      if (!page) return;
      orders.clear();
      for (const order of page) orders.set(order.id, order);
      state.valid = true;
    },
    take({ kind: what, position, order, orderId, matches }) {
      if (what === 'ERROR') return;
      state.position = position;
      if (what === 'RESYNC' && kind !== 'orderUpdated') state.valid = false;
      if (matches === false && orderId !== undefined) orders.delete(orderId);
      else if (order) orders.set(order.id, order);
    },
  };
}
