import { deriveId } from '../../src/ids.ts';
import { type Random, seeded } from './random.ts';

/** Under which numbers become ids, so that a seed always names the same orders. */
const namespace = '5d3c0a52-7a0e-4b51-9c41-0d3f6c1f0a77';
export const customerCount = 5;
export const productCount = 3;
/** Orders that are there from the start; the first three of them stay drafts, and change all the time. */
export const startingOrders = 12;
const hotOrders = 3;
/** All must fit into one page of a list. */
const mostOrders = 80;
/** Commands at once at a phase's end, while its last cut has everyone coming back. */
export const volley = 24;

export type Command = { readonly order: number; readonly asStaff: boolean } & (
  | { readonly type: 'create' | 'submit' | 'confirm' | 'ship' | 'deliver' | 'cancel' }
  | { readonly type: 'add' | 'change'; readonly product: number; readonly quantity: number }
);

export type Fault =
  | { readonly type: 'kill node' | 'cut sockets'; readonly node: number }
  | { readonly type: 'kill projector'; readonly projector: number }
  | { readonly type: 'kill Redis' | 'cut Redis' | 'cut PostgreSQL' | 'cut all sockets' | 'foreign positions' };

export interface Phase {
  /** Which part of the hints is lost, 0 to 1. */
  readonly hintsLost: number;
  readonly commands: readonly Command[];
  /** Each comes once that many commands have begun. */
  readonly faults: readonly { readonly after: number; readonly fault: Fault }[];
}

export interface Plan {
  readonly seed: number;
  readonly phases: readonly Phase[];
}

export function customerIdOf({ seed }: Pick<Plan, 'seed'>, customer: number): string {
  return deriveId('cus', namespace, `${seed} customer ${customer}`);
}

export function productIdOf({ seed }: Pick<Plan, 'seed'>, product: number): string {
  return deriveId('prd', namespace, `${seed} product ${product}`);
}

export function orderIdOf({ seed }: Pick<Plan, 'seed'>, order: number): string {
  return deriveId('ord', namespace, `${seed} order ${order}`);
}

/** The line that an order has of a product. */
export function lineIdOf({ seed }: Pick<Plan, 'seed'>, order: number, product: number): string {
  return deriveId('lin', namespace, `${seed} order ${order} product ${product}`);
}

export const ownerOf = (order: number): number => order % customerCount;

const rounds: readonly { readonly hintsLost: number; readonly faults: readonly Fault['type'][] }[] = [
  { hintsLost: 0, faults: ['cut sockets', 'foreign positions'] },
  { hintsLost: 0.1, faults: ['kill node', 'cut Redis'] },
  { hintsLost: 0.5, faults: ['kill Redis', 'kill projector', 'cut sockets'] },
  { hintsLost: 1, faults: ['cut PostgreSQL', 'kill projector', 'foreign positions'] },
];

/**
 * What is done, and what breaks when; all of it comes of the seed.
 * @param repeats how often each part of `rounds` comes
 * @param length commands a phase
 */
export function planOf(seed: number, { repeats, length }: { repeats: number; length: number }): Plan {
  const random = seeded(seed);
  const shop = openShopPlan(random);
  let kills = random.below(2); // of projectors: one after the other, so that the one at work is met
  const phases = Array.from({ length: repeats }, () => rounds).flat();
  return {
    seed,
    phases: phases.map(({ hintsLost, faults }) => ({
      hintsLost,
      commands: Array.from({ length }, () => shop.next()),
      faults: [
        ...faults.map((type, index) => ({
          after: Math.floor(((index + random.next()) / faults.length) * (length - volley)),
          fault: faultOf(type, random, type === 'kill projector' ? kills++ : 0),
        })),
        { after: length - volley, fault: { type: 'cut all sockets' as const } },
      ],
    })),
  };
}

function faultOf(type: Fault['type'], random: Random, count: number): Fault {
  if (type === 'kill node' || type === 'cut sockets') return { type, node: random.below(3) };
  return type === 'kill projector' ? { type, projector: count % 2 } : { type };
}

type Status = 'DRAFT' | 'SUBMITTED' | 'CONFIRMED' | 'SHIPPED' | 'over';

/** Guesses how each order stands, so that most commands are accepted; those that are not are no harm. */
function openShopPlan(random: Random): { next(): Command } {
  const orders: Status[] = Array.from({ length: startingOrders }, () => 'DRAFT');

  function inDraft(order: number): Command {
    const chance = random.next();
    const asStaff = random.next() < 0.3;
    if (order >= hotOrders && chance < 0.12) return moved(order, 'SUBMITTED', { type: 'submit', order, asStaff });
    const type = chance < 0.8 ? 'add' : 'change';
    return { type, order, asStaff, product: random.below(productCount), quantity: 1 + random.below(3) };
  }

  function moved(order: number, to: Status, command: Command): Command {
    orders[order] = to;
    return command;
  }

  function on(order: number): Command {
    const asStaff = true;
    if (order >= hotOrders && orders[order] !== 'SHIPPED' && random.next() < 0.03) {
      return moved(order, 'over', { type: 'cancel', order, asStaff: random.next() < 0.5 });
    }
    switch (orders[order]) {
      case 'SUBMITTED':
        return moved(order, 'CONFIRMED', { type: 'confirm', order, asStaff });
      case 'CONFIRMED':
        return moved(order, 'SHIPPED', { type: 'ship', order, asStaff });
      case 'SHIPPED':
        return moved(order, 'over', { type: 'deliver', order, asStaff });
      default:
        return inDraft(order);
    }
  }

  return {
    next() {
      if (orders.length < mostOrders && random.next() < 0.05) {
        return { type: 'create', order: orders.push('DRAFT') - 1, asStaff: false };
      }
      const alive = [...orders.keys()].filter(order => orders[order] !== 'over');
      return on(random.next() < 0.4 ? random.below(hotOrders) : random.oneOf(alive));
    },
  };
}
