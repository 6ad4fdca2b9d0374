import fc from 'fast-check';
import type { OrderSort, OrderStatus } from '../../../../src/client/list-documents.ts';

/** A step of the world: of the server, of the network, or of the viewer. */
export type Step =
  | { readonly do: 'create'; readonly status: OrderStatus; readonly isFound: boolean; readonly total: number }
  | { readonly do: 'move'; readonly order: number; readonly status: OrderStatus }
  | { readonly do: 'price'; readonly order: number; readonly total: number }
  | { readonly do: 'find'; readonly order: number; readonly isFound: boolean }
  /** The server reads what changed. */
  | { readonly do: 'send' }
  | { readonly do: 'progress' }
  | { readonly do: 'deliver'; readonly count: number }
  /**
   * @property lag number of changes that the answer does not have, if the client has not seen them
   * @property spread number of changes between the reads of two of its pages
   */
  | {
      readonly do: 'answer';
      readonly which: number;
      readonly lag: number;
      readonly spread: number;
      readonly isTooOld: boolean;
    }
  /** A page that was read before a change arrives in the same tick as the change. */
  | {
      readonly do: 'race';
      readonly which: number;
      readonly order: number;
      readonly isFound: boolean;
      readonly isFrameFirst: boolean;
    }
  /** A page that was asked for after a change was read before it. */
  | { readonly do: 'outdated'; readonly column: number; readonly order: number; readonly isFound: boolean }
  | { readonly do: 'fail'; readonly which: number; readonly code: string }
  | { readonly do: 'cut'; readonly code: string }
  | { readonly do: 'more'; readonly column: number }
  | { readonly do: 'optimistic'; readonly order: number; readonly status: OrderStatus }
  | { readonly do: 'draft' }
  | { readonly do: 'execute'; readonly which: number }
  | { readonly do: 'reply'; readonly which: number; readonly isWhole: boolean }
  | { readonly do: 'refuse'; readonly which: number }
  | { readonly do: 'restore'; readonly orders: number }
  /** The client does what it does later in the same tick. */
  | { readonly do: 'wait' };

export interface World {
  readonly orderBy: OrderSort;
  readonly pageSize: number;
  readonly isFiltered: boolean;
  readonly isOfCustomer: boolean;
  readonly orders: number;
  readonly steps: readonly Step[];
}

const statuses = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED'] as const;
const status = fc.constantFrom(...statuses);
const order = fc.nat(11);
const which = fc.nat(3);
const code = fc.constantFrom('NETWORK', 'VIEW_LAGGING', 'INTERNAL');
const one = <Name extends Step['do'], Fields extends object>(
  name: Name,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
) => fc.record({ do: fc.constant(name), ...fields }) as unknown as fc.Arbitrary<Extract<Step, { do: Name }>>;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: one('create', { status, isFound: fc.boolean(), total: fc.nat(3) }) },
  { weight: 8, arbitrary: one('move', { order, status }) },
  { weight: 2, arbitrary: one('price', { order, total: fc.nat(3) }) },
  { weight: 2, arbitrary: one('find', { order, isFound: fc.boolean() }) },
  { weight: 6, arbitrary: one('send', {}) },
  { weight: 1, arbitrary: one('progress', {}) },
  { weight: 8, arbitrary: one('deliver', { count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 10,
    arbitrary: one('answer', { which, lag: fc.nat(4), spread: fc.nat(2), isTooOld: fc.nat(9).map(n => n === 0) }),
  },
  { weight: 3, arbitrary: one('race', { which, order, isFound: fc.boolean(), isFrameFirst: fc.boolean() }) },
  { weight: 2, arbitrary: one('outdated', { column: fc.nat(2), order, isFound: fc.boolean() }) },
  { weight: 1, arbitrary: one('fail', { which, code }) },
  { weight: 1, arbitrary: one('cut', { code }) },
  { weight: 3, arbitrary: one('more', { column: fc.nat(2) }) },
  { weight: 2, arbitrary: one('optimistic', { order, status }) },
  { weight: 1, arbitrary: one('draft', {}) },
  { weight: 3, arbitrary: one('execute', { which }) },
  { weight: 3, arbitrary: one('reply', { which, isWhole: fc.boolean() }) },
  { weight: 1, arbitrary: one('refuse', { which }) },
  { weight: 1, arbitrary: one('restore', { orders: fc.nat(6) }) },
  { weight: 6, arbitrary: one('wait', {}) },
);

export const worlds: fc.Arbitrary<World> = fc.record({
  orderBy: fc.record({
    field: fc.constantFrom('CREATED_AT', 'CREATED_AT', 'UPDATED_AT', 'TOTAL'),
    direction: fc.constantFrom('DESC', 'DESC', 'ASC'),
  }),
  pageSize: fc.integer({ min: 1, max: 3 }),
  isFiltered: fc.boolean(),
  isOfCustomer: fc.boolean(),
  orders: fc.nat(12),
  steps: fc.array(step, { maxLength: 100, size: 'max' }),
});
