import type { CommandName, CommandResult } from '@orderstream/client';
import type { Amount } from '../parts/format.ts';
import { createStore, type WritableStore } from '@orderstream/client';

/** What the customer wants of one line. The quantity is absolute, so that it may be applied again without harm. */
export interface Wish {
  /** Also the idempotency key: a wish that is sent again is stored once. */
  readonly key: string;
  readonly lineId: string;
  readonly productId: string;
  readonly productName: string;
  readonly unitPrice: Amount;
  /** 0 removes the line. */
  readonly quantity: number;
  /** Whether the line is new. */
  readonly isNew: boolean;
  /** The position of its command. It is shown until the order is shown at this position or a later one. */
  readonly storedAt?: string;
}

export interface DraftState {
  readonly wishes: readonly Wish[];
  /** Why the last refused wish was not fulfilled. */
  readonly refusal: unknown;
  readonly isSending: boolean;
}

/** Sends a command. */
export type Run = (name: CommandName, input: object) => Promise<CommandResult>;

/** Keeps wishes beyond a reload, such as sessionStorage. */
export type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface DraftQueue {
  readonly state: WritableStore<DraftState>;
  /** Shows a wish at once, and sends it after the earlier ones. */
  add(wish: Wish): void;
  /** The order is shown as of this position: wishes that it contains are not needed any more. */
  shownAt(position: string): void;
  /** Resolves when everything is stored or refused. */
  settled(): Promise<void>;
}

/**
 * The wishes for one draft that the order does not show yet, in the order in which they were made.
 * @param options.create creates the draft if it does not exist; it is called before the first command
 * @param options.onRefused gets what the server has refused
 */
export function createDraftQueue(options: {
  readonly orderId: string;
  readonly run: Run;
  readonly create: () => Promise<CommandResult | undefined>;
  readonly keep: Keep;
}): DraftQueue {
  const { orderId, run, create, keep } = options;
  const place = `orderstream wishes ${orderId}`;
  const kept = JSON.parse(keep.getItem(place) ?? '[]') as readonly Wish[];
  const state = createStore<DraftState>({ wishes: kept, refusal: undefined, isSending: false });
  let sending: Promise<void> | undefined;

  function change(next: Partial<DraftState>): void {
    state.set({ ...state.current, ...next });
    const unstored = state.current.wishes.filter(({ storedAt }) => storedAt === undefined);
    if (unstored.length === 0) keep.removeItem(place);
    else keep.setItem(place, JSON.stringify(unstored));
  }

  async function send(): Promise<void> {
    change({ isSending: true });
    try {
      const created = await create();
      if (created && !created.accepted) {
        change({ wishes: [], refusal: created.error });
        return;
      }
      for (let wish = next(); wish; wish = next()) await fulfil(wish);
    } catch (error) {
      // The wishes stay: they are sent with the next one, or after a reload.
      change({ refusal: error });
    } finally {
      sending = undefined;
      change({ isSending: false });
    }
  }

  function next(): Wish | undefined {
    return state.current.wishes.find(({ storedAt }) => storedAt === undefined);
  }

  async function fulfil(wish: Wish): Promise<void> {
    const { key: idempotencyKey, lineId, productId, quantity, isNew } = wish;
    const line = { orderId, lineId, idempotencyKey };
    const result =
      quantity === 0
        ? await run('removeOrderItem', line)
        : isNew
          ? await run('addOrderItem', { ...line, productId, quantity })
          : await run('changeOrderItemQuantity', { ...line, quantity });
    const { wishes } = state.current;
    if (result.accepted) {
      change({ wishes: wishes.map(one => (one === wish ? { ...wish, storedAt: result.position } : one)) });
      shownAt(shown);
    } else change({ wishes: wishes.filter(one => one.lineId !== wish.lineId), refusal: result.error });
  }

  let shown = '';
  function shownAt(position: string): void {
    if (position > shown) shown = position;
    const { wishes } = state.current;
    const left = wishes.filter(({ storedAt }) => storedAt === undefined || storedAt > shown);
    if (left.length < wishes.length) change({ wishes: left });
  }

  if (kept.length > 0) sending = send();
  return {
    state,
    add(wish) {
      change({ wishes: [...state.current.wishes, wish], refusal: undefined });
      sending ??= send();
    },
    shownAt,
    async settled() {
      while (sending) await sending;
    },
  };
}

/** A line of the draft, for the screen. */
export interface DraftLine {
  readonly id: string;
  readonly productId: string;
  readonly productName: string;
  readonly unitPrice: Amount;
  readonly quantity: number;
  /** It is not shown by the server's order yet. */
  readonly isPending: boolean;
}

/** The lines of the order with the wishes on top: so a line never falls back to an older quantity. */
export function linesWith(
  lines: readonly Omit<DraftLine, 'isPending'>[],
  wishes: readonly Wish[],
): readonly DraftLine[] {
  const shown = new Map<string, DraftLine>(lines.map(line => [line.id, { ...line, isPending: false }]));
  for (const { lineId, quantity, productId, productName, unitPrice } of wishes) {
    if (quantity === 0) shown.delete(lineId);
    else shown.set(lineId, { id: lineId, productId, productName, unitPrice, quantity, isPending: true });
  }
  return [...shown.values()];
}
