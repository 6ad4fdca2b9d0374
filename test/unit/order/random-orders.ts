import fc from 'fast-check';
import { decide } from '../../../src/order/domain/decide.ts';
import type { OrderCommand } from '../../../src/order/domain/commands.ts';
import type { OrderEvent } from '../../../src/order/domain/events.ts';
import { maximumQuantity, maximumTotal } from '../../../src/order/domain/limits.ts';
import { evolve, noOrder, type Order } from '../../../src/order/domain/order.ts';
import { commands } from './orders.ts';

// Few ids, prices and currencies, so that commands meet the same lines; numbers at and beyond each limit.
const lineId = fc.constantFrom('lin_1', 'lin_2', 'lin_3');
const quantity = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) },
  fc.constantFrom(0, 1.5, maximumQuantity - 1, maximumQuantity, maximumQuantity + 1),
);
const offer = fc.record({
  sku: fc.constant('SKU'),
  name: fc.constant('Thing'),
  price: fc.constantFrom(0, 1, 199, Math.floor(maximumTotal / 3), maximumTotal),
  currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'JPY'),
  available: fc.constantFrom(true, true, true, false),
});
const item = fc.record({
  lineId,
  quantity,
  product: fc.record({
    productId: fc.constantFrom('prd_1', 'prd_2'),
    offer: fc.option(offer, { nil: undefined, freq: 8 }),
  }),
});

const create: fc.Arbitrary<OrderCommand> = fc.record({
  type: fc.constant('CreateOrder'),
  orderId: fc.constant('ord_1'),
  customer: fc.record({ customerId: fc.constant('cus_1'), registered: fc.constant(true) }),
  currency: fc.constantFrom(undefined, 'EUR'),
  reference: fc.constantFrom(undefined, 'PO 7'),
  items: fc.array(item, { maxLength: 3 }),
});
const change: fc.Arbitrary<OrderCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: item.map((wanted): OrderCommand => ({ type: 'AddOrderItem', ...wanted })),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('ChangeOrderItemQuantity'), lineId, quantity }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('RemoveOrderItem'), lineId }) },
);
const plainCreate: OrderCommand = { ...commands.CreateOrder, items: [] };
const lifeCycle: readonly OrderCommand[] = [
  { type: 'SubmitOrder' },
  { type: 'ConfirmOrder' },
  { type: 'ShipOrder', carrier: 'DHL', trackingNumber: undefined },
  { type: 'DeliverOrder' },
];
const interruption = fc.oneof(
  { weight: 3, arbitrary: change },
  { weight: 3, arbitrary: fc.constantFrom(...lifeCycle, plainCreate) },
  { weight: 1, arbitrary: fc.constant<OrderCommand>({ type: 'CancelOrder', reason: 'changed my mind' }) },
);
const advance = fc
  .tuple(...lifeCycle.map(step => fc.array(interruption, { maxLength: 2 }).map(between => [step, ...between])))
  .map(parts => parts.flat());

export interface Step {
  readonly command: OrderCommand;
  readonly before: Order;
  readonly events: readonly OrderEvent[];
  readonly after: Order;
}

/** The accepted commands of a random life of an order, each with the states before and after it. */
export const lives: fc.Arbitrary<readonly Step[]> = fc
  .tuple(create, fc.array(change, { maxLength: 25 }), advance)
  .map(([first, changes, advances]) => live([first, plainCreate, ...changes, ...advances]));

function live(asked: readonly OrderCommand[]): Step[] {
  const steps: Step[] = [];
  let order: Order = noOrder;
  for (const command of asked) {
    if (order.status === 'None' && command.type !== 'CreateOrder') continue;
    const decision = decide(command, order);
    if (decision.type === 'rejected') continue;
    const after: Order = decision.events.reduce(evolve, order);
    steps.push({ command, before: order, events: decision.events, after });
    order = after;
  }
  return steps;
}
