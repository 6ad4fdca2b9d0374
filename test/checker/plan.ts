import { deriveId } from '../../src/ids.ts';
import { type Random, seeded } from './random.ts';

/** Namespace that turns numbers into ids, so that a seed always gives the same orders. */
const namespace = '5d3c0a52-7a0e-4b51-9c41-0d3f6c1f0a77';
export const customerCount = 5;
export const productCount = 3;
/** Orders that exist from the start. The first three stay drafts and change all the time. */
export const startingOrders = 12;
export const hotOrders = 3;
/** Maximum number of orders: all must fit into one page of a list. */
const mostOrders = 80;
/**
 * Commands at the end of a phase, each third of them on one hot order at once: the last state must not be lost in a
 * burst.
 */
const volley = 24;
/** Commands of a skirmish: the last change of each order happens while subscribers reconnect. */
const skirmish = 24;
/** Shares of PostgreSQL's answers that are late, in each round: rows may be outdated when they arrive. */
const skirmishes = [0, 0.5, 0.5];
const skirmishPause = 150;

export type Command = { readonly order: number; readonly asStaff: boolean } & (
  | { readonly type: 'create' | 'submit' | 'confirm' | 'ship' | 'deliver' | 'cancel' }
  | { readonly type: 'add' | 'change'; readonly product: number; readonly quantity: number }
);

export type Fault =
  | { readonly type: 'kill node' | 'cut sockets'; readonly node: number }
  | { readonly type: 'kill projector'; readonly projector: number }
  | { readonly type: 'kill Redis' | 'cut Redis' | 'cut PostgreSQL' | 'foreign positions' }
  | { readonly type: 'cut all sockets' | 'cut half the sockets' };

export interface Phase {
  /** Share of the hints that is dropped, 0 to 1. */
  readonly hintsLost: number;
  /** Share of PostgreSQL's answers that is late, 0 to 1. */
  readonly answersLate: number;
  readonly commands: readonly Command[];
  /** Maximum pause before each command, ms. */
  readonly pause: number;
  /** Each fault starts when this many commands have been sent. */
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

/** The line of an order with a given product. */
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
 * The commands and faults of a run, all derived from the seed.
 * @param repeats how often each round is repeated
 * @param length commands in a phase
 */
export function planOf(seed: number, { repeats, length }: { repeats: number; length: number }): Plan {
  const random = seeded(seed);
  const shop = openShopPlan(random);
  let kills = random.below(2); // of projectors, one after another, so that the active one is hit

  function longPhase({ hintsLost, faults }: (typeof rounds)[number]): Phase {
    const calm = Array.from({ length: length - volley }, () => shop.next());
    const last = Array.from({ length: volley }, (_, index) => shop.add(Math.floor((index * hotOrders) / volley)));
    const planned = faults.map((type, index) => ({
      after: Math.floor(((index + random.next()) / faults.length) * calm.length),
      fault: faultOf(type, random, type === 'kill projector' ? kills++ : 0),
    }));
    return { hintsLost, answersLate: 0, commands: [...calm, ...last], pause: 0, faults: planned };
  }

  function shortPhase(hintsLost: number, answersLate: number): Phase {
    const commands = Array.from({ length: skirmish }, (_, index) => shop.on(index % startingOrders));
    // Half of the connections, so that the others keep each hub reading. It is repeated while each order gets its
    // last change: a subscriber that reconnects at that moment would get no later update.
    const faults: Phase['faults'] =
      answersLate === 0
        ? [{ after: 0, fault: { type: 'cut all sockets' } }]
        : [12, 15, 18, 21].map(after => ({ after, fault: { type: 'cut half the sockets' } }));
    return { hintsLost, answersLate, commands, pause: skirmishPause, faults };
  }

  const phases = Array.from({ length: repeats }, () => rounds).flat();
  return {
    seed,
    phases: phases.flatMap(round => [
      longPhase(round),
      ...skirmishes.map(answersLate => shortPhase(round.hintsLost, answersLate)),
    ]),
  };
}

function faultOf(type: Fault['type'], random: Random, count: number): Fault {
  if (type === 'kill node' || type === 'cut sockets') return { type, node: random.below(3) };
  return type === 'kill projector' ? { type, projector: count % 2 } : { type };
}

type Status = 'DRAFT' | 'SUBMITTED' | 'CONFIRMED' | 'SHIPPED' | 'over';

/** Guesses the state of each order, so that most commands are accepted. Rejected ones do no harm. */
function openShopPlan(random: Random): {
  /** A command on any order. */
  next(): Command;
  on(order: number): Command;
  add(order: number): Command;
} {
  const orders: Status[] = Array.from({ length: startingOrders }, () => 'DRAFT');

  function inDraft(order: number): Command {
    const chance = random.next();
    const asStaff = random.next() < 0.3;
    if (order >= hotOrders && chance < 0.12) return moved(order, 'SUBMITTED', { type: 'submit', order, asStaff });
    return { ...add(order), type: chance < 0.8 ? 'add' : 'change' };
  }

  function add(order: number): Command & { readonly type: 'add' | 'change' } {
    const product = random.below(productCount);
    return { type: 'add', order, asStaff: random.next() < 0.3, product, quantity: 1 + random.below(3) };
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
    on,
    add,
    next() {
      if (orders.length < mostOrders && random.next() < 0.05) {
        return { type: 'create', order: orders.push('DRAFT') - 1, asStaff: false };
      }
      const alive = [...orders.keys()].filter(order => orders[order] !== 'over');
      return on(random.next() < 0.4 ? random.below(hotOrders) : random.oneOf(alive));
    },
  };
}
