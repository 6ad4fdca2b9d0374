import { describe, expect, it } from 'vitest';
import { orderDecider } from '../../../src/order/decider.ts';
import type {
  AddOrderItem,
  CreateOrder,
  ImportOrder,
  NewItem,
  OrderCommand,
} from '../../../src/order/domain/commands.ts';
import type { OrderEvent } from '../../../src/order/domain/events.ts';
import { maximumLines, maximumQuantity, maximumTotal } from '../../../src/order/domain/limits.ts';
import type { OrderRejectionReason } from '../../../src/order/domain/rejection.ts';
import { given } from '../../support/given.ts';
import {
  added,
  cancelled,
  commands,
  confirmed,
  created,
  delivered,
  histories,
  item,
  mug,
  mugsAdded,
  pen,
  pensAdded,
  shipped,
  situations,
  submitted,
  erasedOrder,
  type Situation,
} from './orders.ts';

type Answer = readonly OrderEvent[] | OrderRejectionReason | 'a bug';
type AnswerInEachState = Readonly<Record<Situation, Answer>>;

const newMugs = [added('lin_new', 3, 'prd_mug', { ...mug, price: 1300 })];
const past = (reason: OrderRejectionReason) => ({
  SUBMITTED: reason,
  CONFIRMED: reason,
  SHIPPED: reason,
  DELIVERED: reason,
});
const linesFixed = { None: 'a bug', ...past('ORDER_NOT_DRAFT'), CANCELLED: 'ORDER_CANCELLED' } as const;
const notYet = (reason: OrderRejectionReason) =>
  ({ None: 'a bug', EMPTY_DRAFT: reason, DRAFT: reason, ...past(reason), CANCELLED: 'ORDER_CANCELLED' }) as const;

// The rule table: each command in each state, with the events that it stores or the reason of its rejection.
const rules: { readonly [Type in OrderCommand['type']]: AnswerInEachState } = {
  CreateOrder: {
    None: [{ type: 'OrderCreated', data: { customerId: 'cus_1', currency: null }, personal: undefined }, mugsAdded],
    EMPTY_DRAFT: 'ORDER_ALREADY_EXISTS',
    DRAFT: 'ORDER_ALREADY_EXISTS',
    ...past('ORDER_ALREADY_EXISTS'),
    CANCELLED: 'ORDER_ALREADY_EXISTS',
  },
  ImportOrder: {
    None: [
      { type: 'OrderCreated', data: { customerId: 'cus_1', currency: 'EUR' }, personal: { reference: 'PO 7' } },
      mugsAdded,
      { type: 'OrderSubmitted', data: { total: 2500, itemCount: 2, currency: 'EUR' } },
    ],
    EMPTY_DRAFT: 'ORDER_ALREADY_EXISTS',
    DRAFT: 'ORDER_ALREADY_EXISTS',
    ...past('ORDER_ALREADY_EXISTS'),
    CANCELLED: 'ORDER_ALREADY_EXISTS',
  },
  AddOrderItem: { ...linesFixed, EMPTY_DRAFT: newMugs, DRAFT: newMugs },
  RemoveOrderItem: {
    ...linesFixed,
    EMPTY_DRAFT: 'LINE_NOT_FOUND',
    DRAFT: [{ type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } }],
  },
  ChangeOrderItemQuantity: {
    ...linesFixed,
    EMPTY_DRAFT: 'LINE_NOT_FOUND',
    DRAFT: [{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 7 } }],
  },
  SubmitOrder: { ...linesFixed, EMPTY_DRAFT: 'ORDER_EMPTY', DRAFT: [submitted] },
  ConfirmOrder: { ...notYet('ORDER_NOT_SUBMITTED'), SUBMITTED: [confirmed] },
  ShipOrder: { ...notYet('ORDER_NOT_CONFIRMED'), CONFIRMED: [shipped] },
  DeliverOrder: { ...notYet('ORDER_NOT_SHIPPED'), SHIPPED: [delivered] },
  CancelOrder: {
    None: 'a bug',
    EMPTY_DRAFT: [cancelled],
    DRAFT: [cancelled],
    SUBMITTED: [cancelled],
    CONFIRMED: [cancelled],
    SHIPPED: 'ORDER_ALREADY_SHIPPED',
    DELIVERED: 'ORDER_ALREADY_SHIPPED',
    CANCELLED: 'ORDER_CANCELLED',
  },
  EraseOrder: {
    None: 'a bug',
    EMPTY_DRAFT: [erasedOrder],
    DRAFT: [erasedOrder],
    SUBMITTED: [erasedOrder],
    CONFIRMED: [erasedOrder],
    SHIPPED: [erasedOrder],
    DELIVERED: [erasedOrder],
    CANCELLED: [erasedOrder],
  },
};

const cells = Object.values(commands).flatMap(command =>
  situations.map(situation => ({ command, type: command.type, situation, answer: rules[command.type][situation] })),
);

describe('the rule table', () => {
  it.each(cells)('answers $type in $situation as designed', ({ command, situation, answer }) => {
    const when = () => given(orderDecider, histories[situation]).when(command);
    if (answer === 'a bug') expect(when).toThrow(`${command.type} needs an order`);
    else if (typeof answer === 'string') when().thenRejected(answer, pathOf(answer));
    else when().then(answer);
  });
});

function pathOf(reason: OrderRejectionReason): string[] {
  return reason === 'LINE_NOT_FOUND' ? ['input', 'lineId'] : ['input', 'orderId'];
}

function create(more: Partial<CreateOrder>): CreateOrder {
  return { ...commands.CreateOrder, items: [], ...more };
}

function add(...wanted: Parameters<typeof item>): AddOrderItem {
  return { type: 'AddOrderItem', ...item(...wanted) };
}

describe('creating an order', () => {
  it('keeps the given customer, currency and reference', () => {
    const command = create({ currency: 'EUR', reference: 'PO 7' });
    given(orderDecider, [])
      .when(command)
      .then([
        { type: 'OrderCreated', data: { customerId: 'cus_1', currency: 'EUR' }, personal: { reference: 'PO 7' } },
      ]);
  });

  it('treats its items as if they were added one after another: the same product at the same price is one line', () => {
    const items = [
      item('lin_1', 2, 'prd_mug', mug),
      item('lin_2', 1, 'prd_pen', pen),
      item('lin_3', 3, 'prd_mug', mug),
      item('lin_4', 1, 'prd_mug', { ...mug, price: 999 }),
    ];
    given(orderDecider, [])
      .when(create({ items }))
      .then([
        { type: 'OrderCreated', data: { customerId: 'cus_1', currency: null }, personal: undefined },
        added('lin_1', 2, 'prd_mug', mug),
        added('lin_2', 1, 'prd_pen', pen),
        { type: 'OrderItemQuantityChanged', data: { lineId: 'lin_1', quantity: 5 } },
        added('lin_4', 1, 'prd_mug', { ...mug, price: 999 }),
      ]);
  });

  it('requires a registered customer', () => {
    given(orderDecider, [])
      .when(create({ customer: { customerId: 'cus_1', registered: false } }))
      .thenRejected('CUSTOMER_NOT_FOUND', ['input', 'customerId']);
  });

  const refusedItems: [string, NewItem[], OrderRejectionReason, string[]][] = [
    ['quantity', [item('lin_2', 0, 'prd_pen', pen)], 'QUANTITY_OUT_OF_RANGE', ['1', 'quantity']],
    ['product', [item('lin_2', 1, 'prd_pen', undefined)], 'PRODUCT_NOT_FOUND', ['1', 'productId']],
    [
      'availability',
      [item('lin_2', 1, 'prd_pen', { ...pen, available: false })],
      'PRODUCT_UNAVAILABLE',
      ['1', 'productId'],
    ],
    ['currency', [item('lin_2', 1, 'prd_pen', { ...pen, currency: 'USD' })], 'CURRENCY_MISMATCH', ['1', 'productId']],
    ['raised quantity', [item('lin_2', 9_999, 'prd_mug', mug)], 'QUANTITY_OUT_OF_RANGE', ['1', 'quantity']],
  ];
  it.each(refusedItems)('names the item whose %s is wrong and stores nothing', (_, wrong, reason, path) => {
    given(orderDecider, [])
      .when(create({ items: [item('lin_1', 2, 'prd_mug', mug), ...wrong] }))
      .thenRejected(reason, ['input', 'items', ...path]);
  });

  it('checks the first item against the given currency', () => {
    given(orderDecider, [])
      .when(create({ currency: 'USD', items: [item('lin_1', 1, 'prd_mug', mug)] }))
      .thenRejected('CURRENCY_MISMATCH', ['input', 'items', '0', 'productId']);
  });

  it.each([0, 1])('checks the quantity of item %i before customer and products', at => {
    const items = [0, 1].map(n => item(`lin_${n}`, n === at ? 0 : 1, 'prd_1', undefined));
    given(orderDecider, [])
      .when(create({ customer: { customerId: 'cus_1', registered: false }, items }))
      .thenRejected('QUANTITY_OUT_OF_RANGE', ['input', 'items', String(at), 'quantity']);
  });

  it('checks the customer before products', () => {
    given(orderDecider, [])
      .when(
        create({ customer: { customerId: 'cus_1', registered: false }, items: [item('lin_1', 1, 'prd_1', undefined)] }),
      )
      .thenRejected('CUSTOMER_NOT_FOUND');
  });

  it(`accepts ${maximumLines} items and not one more, whatever the number of lines: each is an event`, () => {
    const items = Array.from({ length: maximumLines }, (_, n) => item(`lin_${n}`, 1, `prd_${n}`, pen));
    const decision = orderDecider.decide(create({ items }), orderDecider.initialState);
    expect(decision).toMatchObject({ type: 'accepted', events: { length: 1 + maximumLines } });
    for (const more of [item('lin_more', 1, 'prd_more', pen), item('lin_repeated', 1, 'prd_0', pen)]) {
      given(orderDecider, [])
        .when(create({ items: [...items, more] }))
        .thenRejected('TOO_MANY_LINES', ['input', 'items']);
    }
  });
});

describe('importing an order', () => {
  const order = (more: Partial<ImportOrder>): ImportOrder => ({ ...commands.ImportOrder, ...more });

  it('stores what creating and submitting it would have stored, each line at its given price', () => {
    const items = [
      item('lin_1', 2, 'prd_mug', mug),
      item('lin_2', 3, 'prd_mug', mug),
      item('lin_3', 1, 'prd_mug', { ...mug, price: 999 }),
    ];
    given(orderDecider, [])
      .when(order({ items }))
      .then([
        { type: 'OrderCreated', data: { customerId: 'cus_1', currency: 'EUR' }, personal: { reference: 'PO 7' } },
        added('lin_1', 2, 'prd_mug', mug),
        { type: 'OrderItemQuantityChanged', data: { lineId: 'lin_1', quantity: 5 } },
        added('lin_3', 1, 'prd_mug', { ...mug, price: 999 }),
        { type: 'OrderSubmitted', data: { total: 5 * mug.price + 999, itemCount: 6, currency: 'EUR' } },
      ]);
  });

  const refused: [string, Partial<ImportOrder>, OrderRejectionReason, string[]][] = [
    ['lines', { items: [] }, 'ORDER_EMPTY', ['orderId']],
    ['customer', { customer: { customerId: 'cus_1', registered: false } }, 'CUSTOMER_NOT_FOUND', ['customerId']],
    ['currency', { currency: 'JPY' }, 'CURRENCY_MISMATCH', ['items', '0', 'productId']],
    [
      'quantities',
      { items: [item('lin_1', maximumQuantity + 1, 'prd_mug', mug)] },
      'QUANTITY_OUT_OF_RANGE',
      ['items', '0', 'quantity'],
    ],
  ];
  it.each(refused)('follows the same rules of %s', (_, more, reason, path) => {
    given(orderDecider, [])
      .when(order(more))
      .thenRejected(reason, ['input', ...path]);
  });
});

describe('adding an item', () => {
  const draft = histories.DRAFT;

  it('raises the line of that product at that price, and leaves the new line id unused', () => {
    given(orderDecider, draft)
      .when(add('lin_new', 3, 'prd_mug', mug))
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 5 } }]);
  });

  it('raises the line with the given line id', () => {
    given(orderDecider, draft)
      .when(add('lin_mug', 3, 'prd_mug', mug))
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 5 } }]);
  });

  it('finds the line by the current price among lines of one product', () => {
    const dearer = { ...mug, price: 1300 };
    given(orderDecider, [...draft, added('lin_dear', 1, 'prd_mug', dearer)])
      .when(add('lin_new', 1, 'prd_mug', dearer))
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_dear', quantity: 2 } }]);
  });

  it.each([
    ['another product', add('lin_mug', 1, 'prd_cup', mug)],
    ['another price', add('lin_mug', 1, 'prd_mug', { ...mug, price: 1 })],
    ['a product that has another line', add('lin_mug', 1, 'prd_pen', pen)],
  ])('rejects a line id of %s', (_, command) => {
    given(orderDecider, draft).when(command).thenRejected('LINE_ALREADY_EXISTS', ['input', 'lineId']);
  });

  it('accepts the line id of a removed line again', () => {
    given(orderDecider, [...draft, { type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } }])
      .when(add('lin_mug', 1, 'prd_cup', mug))
      .then([added('lin_mug', 1, 'prd_cup', mug)]);
  });

  it.each([0, -1, 1.5, Number.NaN, maximumQuantity + 1])('rejects the quantity %s', quantity => {
    given(orderDecider, [created])
      .when(add('lin_1', quantity, 'prd_mug', mug))
      .thenRejected('QUANTITY_OUT_OF_RANGE', ['input', 'quantity']);
  });

  it.each([1, maximumQuantity])('accepts the quantity %s', quantity => {
    given(orderDecider, [created])
      .when(add('lin_1', quantity, 'prd_mug', mug))
      .then([added('lin_1', quantity, 'prd_mug', mug)]);
  });

  it('raises a line up to its limit and not above', () => {
    const history = [created, added('lin_mug', maximumQuantity - 2, 'prd_mug', mug)];
    given(orderDecider, history)
      .when(add('lin_new', 2, 'prd_mug', mug))
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: maximumQuantity } }]);
    given(orderDecider, history)
      .when(add('lin_new', 3, 'prd_mug', mug))
      .thenRejected('QUANTITY_OUT_OF_RANGE', ['input', 'quantity']);
  });

  it('rejects an unknown product', () => {
    given(orderDecider, draft)
      .when(add('lin_new', 1, 'prd_cup', undefined))
      .thenRejected('PRODUCT_NOT_FOUND', ['input', 'productId']);
  });

  it('rejects an unavailable product, even if the order has a line of it', () => {
    given(orderDecider, draft)
      .when(add('lin_new', 1, 'prd_mug', { ...mug, available: false }))
      .thenRejected('PRODUCT_UNAVAILABLE', ['input', 'productId']);
  });

  it('rejects another currency than that of the first item, even after that item was removed', () => {
    const command = add('lin_new', 1, 'prd_cup', { ...mug, currency: 'USD' });
    const removed: OrderEvent = { type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } };
    given(orderDecider, [created, mugsAdded]).when(command).thenRejected('CURRENCY_MISMATCH', ['input', 'productId']);
    given(orderDecider, [created, mugsAdded, removed]).when(command).thenRejected('CURRENCY_MISMATCH');
  });

  it("checks the order's state, then the quantity, then the product", () => {
    const command = add('lin_new', 0, 'prd_cup', undefined);
    given(orderDecider, histories.SUBMITTED).when(command).thenRejected('ORDER_NOT_DRAFT');
    given(orderDecider, histories.CANCELLED).when(command).thenRejected('ORDER_CANCELLED');
    given(orderDecider, draft).when(command).thenRejected('QUANTITY_OUT_OF_RANGE');
  });

  it('raises a line of a full order, and adds no other', () => {
    const lines = Array.from({ length: maximumLines }, (_, n) => added(`lin_${n}`, 1, `prd_${n}`, pen));
    given(orderDecider, [created, ...lines])
      .when(add('lin_new', 1, 'prd_7', pen))
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_7', quantity: 2 } }]);
    given(orderDecider, [created, ...lines])
      .when(add('lin_new', 1, 'prd_new', pen))
      .thenRejected('TOO_MANY_LINES', ['input']);
  });
});

describe('the total', () => {
  const gold = { ...mug, price: maximumTotal - 3 };
  const history = [created, added('lin_gold', 1, 'prd_gold', gold)];
  const pennies = (quantity: number) => add('lin_penny', quantity, 'prd_penny', { ...mug, price: 1 });

  it('may be as large as sums are exact, and not one unit larger', () => {
    given(orderDecider, history)
      .when(pennies(3))
      .then([added('lin_penny', 3, 'prd_penny', { ...mug, price: 1 })]);
    given(orderDecider, history).when(pennies(4)).thenRejected('TOTAL_OUT_OF_RANGE', ['input', 'quantity']);
  });

  it('is not exceeded by more units of a line, added or set', () => {
    given(orderDecider, history)
      .when(add('lin_2', 1, 'prd_gold', gold))
      .thenRejected('TOTAL_OUT_OF_RANGE');
    given(orderDecider, history)
      .when({ type: 'ChangeOrderItemQuantity', lineId: 'lin_gold', quantity: 2 })
      .thenRejected('TOTAL_OUT_OF_RANGE', ['input', 'quantity']);
    given(orderDecider, history)
      .when(add('lin_2', maximumQuantity, 'prd_2', gold))
      .thenRejected('TOTAL_OUT_OF_RANGE');
  });

  it('that is full still lets a line shrink', () => {
    given(orderDecider, [...history, added('lin_penny', 3, 'prd_penny', { ...mug, price: 1 })])
      .when({ type: 'ChangeOrderItemQuantity', lineId: 'lin_penny', quantity: 1 })
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_penny', quantity: 1 } }]);
  });

  it('may be zero: products may be free', () => {
    given(orderDecider, [created, added('lin_free', 2, 'prd_free', { ...mug, price: 0 })])
      .when({ type: 'SubmitOrder' })
      .then([{ type: 'OrderSubmitted', data: { total: 0, itemCount: 2, currency: 'EUR' } }]);
  });
});

describe('changing a quantity', () => {
  it.each([0, -3, 2.5, maximumQuantity + 1])('rejects the quantity %s', quantity => {
    given(orderDecider, histories.DRAFT)
      .when({ type: 'ChangeOrderItemQuantity', lineId: 'lin_mug', quantity })
      .thenRejected('QUANTITY_OUT_OF_RANGE', ['input', 'quantity']);
  });

  it('requires an existing line', () => {
    given(orderDecider, histories.DRAFT)
      .when({ type: 'ChangeOrderItemQuantity', lineId: 'lin_gone', quantity: 7 })
      .thenRejected('LINE_NOT_FOUND', ['input', 'lineId']);
  });

  it('stores an event even if the quantity is the same: an accepted command is always in the log', () => {
    given(orderDecider, histories.DRAFT)
      .when({ type: 'ChangeOrderItemQuantity', lineId: 'lin_mug', quantity: 2 })
      .then([{ type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 2 } }]);
  });
});

describe('removing a line', () => {
  it('requires an existing line', () => {
    given(orderDecider, histories.DRAFT)
      .when({ type: 'RemoveOrderItem', lineId: 'lin_gone' })
      .thenRejected('LINE_NOT_FOUND', ['input', 'lineId']);
  });
});

describe('submitting', () => {
  it('is rejected if every line was removed again', () => {
    given(orderDecider, [created, mugsAdded, { type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } }])
      .when({ type: 'SubmitOrder' })
      .thenRejected('ORDER_EMPTY', ['input', 'orderId']);
  });

  it('stores the total after changed quantities and removed lines', () => {
    given(orderDecider, [
      ...[created, mugsAdded, pensAdded],
      { type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 3 } },
      { type: 'OrderItemRemoved', data: { lineId: 'lin_pen' } },
    ])
      .when({ type: 'SubmitOrder' })
      .then([{ type: 'OrderSubmitted', data: { total: 3 * 1250, itemCount: 3, currency: 'EUR' } }]);
  });
});

describe('shipping', () => {
  it('needs no tracking number', () => {
    given(orderDecider, histories.CONFIRMED)
      .when({ type: 'ShipOrder', carrier: 'Post', trackingNumber: undefined })
      .then([{ type: 'OrderShipped', data: { carrier: 'Post' }, personal: undefined }]);
  });
});

describe('the decider', () => {
  it('shows an order only to staff and its customer', () => {
    const { isVisibleTo, evolve, initialState } = orderDecider;
    for (const situation of situations) {
      const order = histories[situation].reduce(evolve, initialState);
      const exists = situation !== 'None';
      expect(isVisibleTo(order, { role: 'customer', subject: 'cus_1' })).toBe(exists);
      expect(isVisibleTo(order, { role: 'customer', subject: 'cus_2' })).toBe(false);
      expect(isVisibleTo(order, { role: 'staff', subject: 'cus_2' })).toBe(true);
    }
  });

  it("seals an order's personal data with its customer's key", () => {
    const { subject, evolve, initialState } = orderDecider;
    expect(subject(initialState)).toBeUndefined();
    for (const situation of situations.filter(situation => situation !== 'None')) {
      expect(subject(histories[situation].reduce(evolve, initialState))).toBe('cus_1');
    }
  });

  it('starts a stream only with CreateOrder and ImportOrder', () => {
    const starting = Object.values(commands).filter(orderDecider.creates);
    expect(starting.map(command => command.type)).toEqual(['CreateOrder', 'ImportOrder']);
  });

  it('lets its customer and staff change, submit and cancel an order; everything after that is for staff only, and an erasure for operators', () => {
    expect(orderDecider.rights).toEqual({
      CreateOrder: 'authenticated',
      AddOrderItem: 'authenticated',
      RemoveOrderItem: 'authenticated',
      ChangeOrderItemQuantity: 'authenticated',
      SubmitOrder: 'authenticated',
      ConfirmOrder: 'staff',
      ShipOrder: 'staff',
      DeliverOrder: 'staff',
      CancelOrder: 'authenticated',
      ImportOrder: 'staff',
      EraseOrder: 'operator',
    });
  });
});
