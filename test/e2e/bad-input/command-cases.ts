import { ChangeProductDocument, RegisterCustomerDocument, RenameCustomerDocument } from '../../generated/graphql.ts';
import {
  addProduct,
  asCustomer,
  asStaff,
  badUserInput,
  type Case,
  create,
  type Expected,
  forbidden,
  invalid,
  notFound,
  onOrder,
  type Operation,
  type OrderCommand,
  orderCommands,
  rejected,
} from './case.ts';
import { malformedIds } from './malformed-ids.ts';
import { unknown, type World } from './world.ts';

/** Commands that must be refused. */
export function* commandCases(world: World): Generator<Case> {
  yield* orderCases(world);
  yield* lineCases(world);
  yield* referenceCases(world);
  yield* customerAndProductCases(world);
  yield* amountCases(world);
  yield* versionAndKeyCases(world);
  yield* textCases(world);
  yield* idCases(world);
}

const ofCustomers = [
  'addOrderItem',
  'removeOrderItem',
  'changeOrderItemQuantity',
  'submitOrder',
  'cancelOrder',
] as const satisfies readonly OrderCommand[];

/** Orders that are not there, are not the caller's or are not in the state for the command. */
function* orderCases(world: World): Generator<Case> {
  const { orders } = world;
  const missing = { id: unknown('ord'), version: 0, lineId: unknown('lin') };
  for (const name of orderCommands) {
    yield asStaff(`${name}: an unknown order`, onOrder(world, name, missing), notFound(missing.id));
    yield asStaff(
      `${name}: a cancelled order`,
      onOrder(world, name, orders.cancelled),
      rejected('ORDER_CANCELLED', 'orderId'),
    );
  }
  for (const name of ofCustomers) {
    const answer = notFound(orders.foreign.id);
    yield asCustomer(`${name}: another customer's order`, onOrder(world, name, orders.foreign), answer);
    const moved = onOrder(world, name, orders.foreign, { expectedVersion: 7 });
    yield asCustomer(`${name}: another customer's order, at the wrong version`, moved, answer);
  }
  for (const name of ['confirmOrder', 'shipOrder', 'deliverOrder'] as const) {
    yield asCustomer(`${name}: by a customer`, onOrder(world, name, orders.submitted), forbidden);
  }

  const refusedIn = {
    ORDER_NOT_DRAFT: [
      ['addOrderItem', 'removeOrderItem', 'changeOrderItemQuantity', 'submitOrder'],
      ['submitted', 'confirmed', 'shipped', 'delivered'],
    ],
    ORDER_EMPTY: [['submitOrder'], ['empty']],
    ORDER_NOT_SUBMITTED: [['confirmOrder'], ['draft', 'confirmed', 'shipped', 'delivered']],
    ORDER_NOT_CONFIRMED: [['shipOrder'], ['draft', 'submitted', 'shipped', 'delivered']],
    ORDER_NOT_SHIPPED: [['deliverOrder'], ['draft', 'submitted', 'confirmed', 'delivered']],
    ORDER_ALREADY_SHIPPED: [['cancelOrder'], ['shipped', 'delivered']],
  } as const;
  for (const [reason, [commands, states]] of Object.entries(refusedIn)) {
    for (const name of commands) {
      for (const state of states) {
        const operation = onOrder(world, name, orders[state]);
        yield asStaff(`${name}: an order that is ${state}`, operation, rejected(reason, 'orderId'));
      }
    }
  }
}

function* lineCases(world: World): Generator<Case> {
  const { orders, products, productIds } = world;
  const tea = { productId: products.tea, quantity: 1 };

  for (const quantity of [0, -1, 10_001, 2_147_483_647]) {
    for (const name of ['addOrderItem', 'changeOrderItemQuantity'] as const) {
      const operation = onOrder(world, name, orders.draft, { quantity });
      yield asCustomer(`${name}: ${quantity} units`, operation, rejected('QUANTITY_OUT_OF_RANGE', 'quantity'));
    }
    const items = [tea, { productId: products.coffee, quantity }];
    const answer = rejected('QUANTITY_OUT_OF_RANGE', 'items', '1', 'quantity');
    yield asCustomer(`createOrder: ${quantity} units`, create({ items }), answer);
  }
  for (const quantity of [2_147_483_648, 1.5, '1', null]) {
    const operation = onOrder(world, 'addOrderItem', orders.draft, { quantity });
    yield asCustomer(`addOrderItem: ${JSON.stringify(quantity)} units`, operation, badUserInput);
  }
  yield asCustomer(
    'addOrderItem: more units than its line has room for',
    onOrder(world, 'addOrderItem', orders.heavy, { quantity: 2 }),
    rejected('QUANTITY_OUT_OF_RANGE', 'quantity'),
  );
  yield asCustomer(
    'createOrder: items of one product that are too many together',
    create({ items: [tea, { ...tea, quantity: 10_000 }] }),
    rejected('QUANTITY_OUT_OF_RANGE', 'items', '1', 'quantity'),
  );
  yield asCustomer(
    'addOrderItem: a 501st line',
    onOrder(world, 'addOrderItem', orders.long, { productId: productIds[500] }),
    rejected('TOO_MANY_LINES'),
  );
  yield asCustomer(
    'createOrder: 501 lines',
    create({ items: productIds.map(productId => ({ productId, quantity: 1 })) }),
    rejected('TOO_MANY_LINES', 'items'),
  );
  // Of so many, not each one's id is looked at: a document may give thousands to each of fifty commands.
  yield asCustomer(
    'createOrder: 501 lines and an id of nothing',
    create({ items: [...productIds, 'nothing'].map(productId => ({ productId, quantity: 1 })) }),
    rejected('TOO_MANY_LINES', 'items'),
  );
  yield asCustomer(
    'addOrderItem: a total beyond 2^53 - 1',
    onOrder(world, 'addOrderItem', orders.draft, { productId: products.priceless }),
    rejected('TOTAL_OUT_OF_RANGE', 'quantity'),
  );
  for (const name of ['removeOrderItem', 'changeOrderItemQuantity'] as const) {
    const answer = rejected('LINE_NOT_FOUND', 'lineId');
    yield asCustomer(
      `${name}: an unknown line`,
      onOrder(world, name, orders.draft, { lineId: unknown('lin') }),
      answer,
    );
    const { lineId } = orders.heavy;
    yield asCustomer(`${name}: another order's line`, onOrder(world, name, orders.draft, { lineId }), answer);
  }
  yield asCustomer(
    'addOrderItem: the line id of another product',
    onOrder(world, 'addOrderItem', orders.draft, { productId: products.coffee, lineId: orders.draft.lineId }),
    rejected('LINE_ALREADY_EXISTS', 'lineId'),
  );
}

/** Products, currencies and customers that an order refers to. */
function* referenceCases(world: World): Generator<Case> {
  const { orders, products, stranger } = world;
  const references = [
    ['an unknown product', unknown('prd'), 'PRODUCT_NOT_FOUND'],
    ['an unavailable product', products.unavailable, 'PRODUCT_UNAVAILABLE'],
    ['a product in another currency', products.inDollars, 'CURRENCY_MISMATCH'],
  ] as const;
  for (const [what, productId, reason] of references) {
    const operation = onOrder(world, 'addOrderItem', orders.draft, { productId });
    yield asCustomer(`addOrderItem: ${what}`, operation, rejected(reason, 'productId'));
    const items = [products.tea, productId].map(id => ({ productId: id, quantity: 1 }));
    const answer = rejected(reason, 'items', '1', 'productId');
    yield asCustomer(`createOrder: ${what}`, create({ items }), answer);
  }
  yield asCustomer(
    'createOrder: in a currency that its product is not in',
    create({ currency: 'USD', items: [{ productId: products.tea, quantity: 1 }] }),
    rejected('CURRENCY_MISMATCH', 'items', '0', 'productId'),
  );
  for (const currency of ['eur', 'EURO', 'ZZZ', '', 978]) {
    yield asCustomer(`createOrder: in ${JSON.stringify(currency)}`, create({ currency }), badUserInput);
  }

  const unregistered = rejected('CUSTOMER_NOT_FOUND', 'customerId');
  yield {
    name: 'createOrder: by a customer who has not registered',
    operation: create({}),
    as: 'unregistered',
    answer: unregistered,
  };
  yield asStaff(
    'createOrder: for a customer who has not registered',
    create({ customerId: unknown('cus') }),
    unregistered,
  );
  yield asStaff('createOrder: without a customer', create({}), invalid('customerId'));
  yield asCustomer("createOrder: in another customer's name", create({ customerId: stranger.id }), forbidden);
  yield asCustomer(
    'createOrder: an id that is taken',
    create({ orderId: orders.draft.id }),
    rejected('ORDER_ALREADY_EXISTS', 'orderId'),
  );
}

function* customerAndProductCases({ customer, stranger, products }: World): Generator<Case> {
  const register = (input: object): Operation => [
    RegisterCustomerDocument,
    { input: { name: 'A', email: 'a@b', ...input } },
  ];
  const rename = (customerId: string): Operation => [RenameCustomerDocument, { input: { customerId, name: 'B' } }];
  const change = (input: object): Operation => [ChangeProductDocument, { input }];
  const taken = rejected('CUSTOMER_ALREADY_EXISTS', 'customerId');

  yield asStaff('registerCustomer: an id that is taken', register({ customerId: customer.id }), taken);
  yield asCustomer('registerCustomer: a second time', register({}), taken);
  yield asCustomer("registerCustomer: in another's name", register({ customerId: unknown('cus') }), forbidden);
  yield asStaff('renameCustomer: an unknown customer', rename(unknown('cus')), notFound(unknown('cus')));
  yield asCustomer('renameCustomer: another customer', rename(stranger.id), notFound(stranger.id));
  const tooLong = `${'x'.repeat(250)}@b.cd`;
  for (const email of ['', ' ', 'somebody', '@', 'a@', '@b', 'a b@c', 'a@b@c', 'a\0@b', 'a\ud800@b', tooLong]) {
    const name = `registerCustomer: the address ${JSON.stringify(email.slice(0, 12))}`;
    yield { name, operation: register({ email }), as: 'unregistered', answer: invalid('email') };
  }

  yield asStaff(
    'addProduct: an id that is taken',
    addProduct({ productId: products.tea }),
    rejected('PRODUCT_ALREADY_EXISTS', 'productId'),
  );
  yield asStaff('changeProduct: nothing', change({ productId: products.tea }), invalid());
  yield asStaff(
    'changeProduct: an unknown product',
    change({ productId: unknown('prd'), available: false }),
    notFound(unknown('prd')),
  );
  yield asCustomer('addProduct: by a customer', addProduct({}), forbidden);
  yield asCustomer('changeProduct: by a customer', change({ productId: products.tea, available: false }), forbidden);
}

function* amountCases({ products }: World): Generator<Case> {
  const beyond = invalid('price', 'amount');
  const amounts: readonly (readonly [unknown, string, Expected])[] = [
    ['1.001', 'EUR', beyond],
    ['0.5', 'JPY', beyond],
    ['90071992547409.92', 'EUR', beyond],
    ['9'.repeat(31), 'EUR', beyond],
    ['-0.01', 'EUR', beyond],
    ['9'.repeat(32), 'EUR', badUserInput],
    ['1e3', 'EUR', badUserInput],
    ['1,50', 'EUR', badUserInput],
    ['0x10', 'EUR', badUserInput],
    [' 1', 'EUR', badUserInput],
    ['', 'EUR', badUserInput],
    ['Infinity', 'EUR', badUserInput],
    [12.5, 'EUR', badUserInput],
    ['12.50', 'eur', badUserInput],
  ];
  for (const currency of ['XXX', 'XTS', 'XAU']) {
    const price = { amount: '1', currency };
    const answer = invalid('price', 'currency');
    yield asStaff(`addProduct: in ${currency}`, addProduct({ price }), answer);
    yield asStaff(
      `changeProduct: to ${currency}`,
      [ChangeProductDocument, { input: { productId: products.tea, price } }],
      answer,
    );
    yield asCustomer(`createOrder: in ${currency}`, create({ currency }), invalid('currency'));
  }
  for (const [amount, currency, answer] of amounts) {
    const price = { amount, currency };
    yield asStaff(`addProduct: at ${JSON.stringify(amount)} ${currency}`, addProduct({ price }), answer);
    const change: Operation = [ChangeProductDocument, { input: { productId: products.tea, price } }];
    yield asStaff(`changeProduct: to ${JSON.stringify(amount)} ${currency}`, change, answer);
  }
}

function* versionAndKeyCases(world: World): Generator<Case> {
  const { draft } = world.orders;
  for (const name of ofCustomers) {
    for (const expectedVersion of [0, 1, 99]) {
      const operation = onOrder(world, name, draft, { expectedVersion });
      const answer = { __typename: 'VersionConflictError', expectedVersion, actualVersion: draft.version };
      yield asCustomer(`${name}: at version ${expectedVersion}`, operation, answer);
    }
    const negative = onOrder(world, name, draft, { expectedVersion: -1 });
    yield asCustomer(`${name}: at version -1`, negative, invalid('expectedVersion'));
  }

  for (const idempotencyKey of ['', ' ', 'a b', 'a/b', 'é', 'a\n', 'x'.repeat(129), 7]) {
    const shown = JSON.stringify(idempotencyKey).slice(0, 12);
    yield asCustomer(`createOrder: the idempotency key ${shown}`, create({ idempotencyKey }), badUserInput);
  }
  const reused = { __typename: 'IdempotencyKeyReusedError' };
  const { usedKey: idempotencyKey } = world;
  const another = create({ idempotencyKey, reference: 'another' });
  yield asCustomer('createOrder: an idempotency key of another order', another, reused);
  const submit = onOrder(world, 'submitOrder', draft, { idempotencyKey });
  yield asCustomer('submitOrder: an idempotency key of another command', submit, reused);
}

function* textCases(world: World): Generator<Case> {
  const { orders, customer, products } = world;
  const fields: readonly (readonly [string, string, number, (text: string) => Operation])[] = [
    ['createOrder', 'reference', 100, reference => create({ customerId: customer.id, reference })],
    ['cancelOrder', 'reason', 500, reason => onOrder(world, 'cancelOrder', orders.draft, { reason })],
    ['shipOrder', 'carrier', 100, carrier => onOrder(world, 'shipOrder', orders.confirmed, { carrier })],
    [
      'shipOrder',
      'trackingNumber',
      100,
      trackingNumber => onOrder(world, 'shipOrder', orders.confirmed, { trackingNumber }),
    ],
    ['registerCustomer', 'name', 200, name => [RegisterCustomerDocument, { input: { name, email: 'a@b' } }]],
    ['renameCustomer', 'name', 200, name => [RenameCustomerDocument, { input: { customerId: customer.id, name } }]],
    ['addProduct', 'sku', 64, sku => addProduct({ sku })],
    ['addProduct', 'name', 200, name => addProduct({ name })],
    ['changeProduct', 'name', 200, name => [ChangeProductDocument, { input: { productId: products.tea, name } }]],
  ];
  for (const [command, field, longest, operation] of fields) {
    const texts = {
      NUL: 'a\0b',
      'half a surrogate pair': 'a\ud800b',
      'the other half': 'a\udc00b',
      ...(field === 'reason' ? {} : { 'a line break': 'a\nb' }),
      'zero-width characters only': '\u200b\u00ad\ufeff',
      'a filler only': '\u3164',
      'an accent only': '\u0301',
      'an escape sequence': 'a\u001b[31mb',
      'a C1 control character': 'a\u0085b',
      'no text': '',
      'blanks only': ' \t\u00a0 ',
      'too many characters': 'x'.repeat(longest + 1),
      'too many characters of two UTF-16 units': '𝄞'.repeat(longest + 1),
    };
    for (const [what, text] of Object.entries(texts)) {
      yield asStaff(`${command}: a ${field} with ${what}`, operation(text), invalid(field));
    }
  }
}

function* idCases(world: World): Generator<Case> {
  const { draft } = world.orders;
  const fields: readonly (readonly [string, string, string, (id: string) => Operation])[] = [
    ['createOrder', 'orderId', 'ord', orderId => create({ orderId })],
    ...orderCommands
      .filter(name => ofCustomers.some(one => one === name))
      .map(name => [name, 'orderId', 'ord', (orderId: string) => onOrder(world, name, draft, { orderId })] as const),
    ['addOrderItem', 'productId', 'prd', productId => onOrder(world, 'addOrderItem', draft, { productId })],
    ['addOrderItem', 'lineId', 'lin', lineId => onOrder(world, 'addOrderItem', draft, { lineId })],
    ['removeOrderItem', 'lineId', 'lin', lineId => onOrder(world, 'removeOrderItem', draft, { lineId })],
    [
      'changeOrderItemQuantity',
      'lineId',
      'lin',
      lineId => onOrder(world, 'changeOrderItemQuantity', draft, { lineId }),
    ],
    [
      'renameCustomer',
      'customerId',
      'cus',
      customerId => [RenameCustomerDocument, { input: { customerId, name: 'B' } }],
    ],
  ];
  for (const [command, field, kind, operation] of fields) {
    for (const id of malformedIds(kind)) {
      yield asCustomer(`${command}: the ${field} ${JSON.stringify(id)}`, operation(id), invalid(field));
    }
  }
  const items = [world.products.tea, 'tea'].map(productId => ({ productId, quantity: 1 }));
  yield asCustomer('createOrder: an item that is no product', create({ items }), invalid('items', '1', 'productId'));
}
