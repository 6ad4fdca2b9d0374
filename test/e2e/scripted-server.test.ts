import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScriptedServer } from '../../src/client/testing/index.ts';
import * as operations from '../generated/graphql.ts';
import { eventually } from '../support/eventually.ts';
import { customerToken, staffToken } from '../support/tokens.ts';
import {
  answerOf,
  comparable,
  type Line,
  openLine,
  realSide,
  scriptedSide,
  type Sent,
  type Side,
} from '../support/two-servers.ts';
import { useApp } from '../support/use-shop.ts';

const { app } = useApp();

/** One of the two servers: what it answered, and the ids and positions of its own that the next requests need. */
interface Player {
  readonly name: string;
  readonly side: Side;
  readonly lines: Map<string, Line>;
  readonly answers: [step: string, answer: unknown][];
  readonly known: Record<string, string>;
}

type Known = Readonly<Record<string, string>>;
/** `nobody` has a token that is not valid; undefined has none. */
type Viewer = 'anna' | 'ada' | 'eve' | 'nobody' | undefined;

let scripted: Player;
let real: Player;

beforeAll(() => {
  const player = (name: string, side: Side): Player => ({ name, side, lines: new Map(), answers: [], known: {} });
  scripted = player('scripted', scriptedSide(createScriptedServer()));
  real = player(
    'real',
    realSide(app.url, async subject => {
      if (subject === 'nobody') return 'a.b.c';
      return subject.startsWith('cus_') ? customerToken(subject) : staffToken();
    }),
  );
});
afterAll(() => {
  for (const { lines } of [scripted, real]) for (const line of lines.values()) line.close();
});

const subjectOf = ({ known }: Player, viewer: Viewer) => (viewer === undefined ? undefined : (known[viewer] ?? viewer));

/** Frames and answers by subscription. PROGRESS while nothing happens depends on time alone. */
function messagesOf({ lines }: Player): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const [name, { messages }] of lines) {
    for (const message of messages) {
      const key = `${name} ${(message['id'] as string | undefined) ?? ''}`;
      const isProgress = JSON.stringify(message).includes('"kind":"PROGRESS"');
      if (!isProgress || found[key] === undefined) (found[key] ??= []).push(message);
    }
  }
  return found;
}

const countsOf = (player: Player) =>
  Object.fromEntries(Object.entries(messagesOf(player)).map(([name, messages]) => [name, messages.length]));

/** The scripted server says how many frames follow; the real one sends as many, if they agree. */
async function settle(step: string): Promise<void> {
  await sleep(5);
  await eventually(() => expect([step, countsOf(real)]).toEqual([step, countsOf(scripted)]), 15_000);
}

type Answer = { data?: Record<string, Record<string, string> | null> | null };

/** Sends a request to both. @param keep names in `known` for fields of the answer's only field */
async function ask(
  step: string,
  viewer: Viewer,
  operation: { toString(): string },
  variables: (known: Known) => object = () => ({}),
  keep: Record<string, string> = {},
): Promise<void> {
  for (const player of [scripted, real]) {
    const sent: Sent = { query: String(operation), variables: variables(player.known) as Sent['variables'] };
    const answer = await answerOf(player.side, sent, subjectOf(player, viewer));
    player.answers.push([step, answer]);
    const [field] = Object.values((answer as Answer).data ?? {});
    for (const [name, from] of Object.entries(keep)) player.known[name] = field?.[from] ?? '';
  }
  await settle(step);
}

/** Sends an operation over the socket of a viewer, which stays open. */
async function subscribe(
  id: string,
  viewer: Viewer,
  operation: { toString(): string },
  variables: (known: Known) => object = () => ({}),
  extensions: (known: Known) => object = () => ({}),
): Promise<void> {
  for (const player of [scripted, real]) {
    const key = String(viewer);
    const line = player.lines.get(key) ?? (await openLine(player.side, subjectOf(player, viewer)));
    player.lines.set(key, line);
    const { known } = player;
    const payload = { query: String(operation), variables: variables(known), extensions: extensions(known) };
    if (viewer !== undefined) line.send({ id, type: 'subscribe', payload });
  }
  await sleep(20);
  await settle(id);
}

const input =
  (make: (known: Known) => object) =>
  (known: Known): object => ({ input: make(known) });
const order = input(({ order }) => ({ orderId: order }));

test('the scripted server answers and sends what the real one does', async () => {
  const {
    AddOrderItemDocument: AddItem,
    AddProductDocument: AddProduct,
    CancelOrderDocument: Cancel,
    ChangeOrderItemQuantityDocument: ChangeQuantity,
    ChangeProductDocument: ChangeProduct,
    ConfirmOrderDocument: Confirm,
    CreateOrderDocument: Create,
    CustomerOrdersDocument: CustomerOrders,
    DeliverOrderDocument: Deliver,
    OrderDocument: Order,
    OrdersDocument: Orders,
    RegisterCustomerDocument: Register,
    RemoveOrderItemDocument: RemoveItem,
    RenameCustomerDocument: Rename,
    ShipOrderDocument: Ship,
    SubmitOrderDocument: Submit,
  } = operations;
  const tea = { sku: 'TEA-1', name: 'Green tea', price: { amount: '12.50', currency: 'EUR' } };

  // A shop.
  const ada = { name: 'Ada Lovelace', email: 'ada@example.com' };
  await ask(
    'register',
    'anna',
    Register,
    input(() => ada),
    { ada: 'customerId' },
  );
  await ask(
    'register again',
    'ada',
    Register,
    input(() => ada),
  );
  await ask(
    'register another',
    'anna',
    Register,
    input(() => ({ ...ada, name: 'Eve' })),
    { eve: 'customerId' },
  );
  await ask(
    'register wrongly',
    'anna',
    Register,
    input(() => ({ name: ' ', email: 'nowhere' })),
  );
  await ask(
    'add product',
    'anna',
    AddProduct,
    input(() => tea),
    { tea: 'productId' },
  );
  await ask(
    'add product again',
    'anna',
    AddProduct,
    input(() => ({ ...tea, sku: ' tea-1' })),
  );
  const dollars = { amount: '3', currency: 'USD' };
  await ask(
    'add another',
    'anna',
    AddProduct,
    input(() => ({ sku: 'C', name: 'Coffee', price: dollars })),
    {
      coffee: 'productId',
    },
  );
  await ask(
    'a wrong price',
    'anna',
    AddProduct,
    input(() => ({ ...tea, price: { ...dollars, amount: '1.234' } })),
  );

  // What is live.
  await subscribe('all', 'anna', operations.OrdersUpdatedDocument);
  await subscribe('submitted', 'ada', operations.CustomerOrdersUpdatedDocument, ({ ada }) => ({
    customerId: ada,
    filter: { statusIn: ['SUBMITTED'] },
  }));
  await subscribe('counts', 'anna', operations.OrderCountsUpdatedDocument);
  await subscribe('own counts', 'ada', operations.OrderCountsUpdatedDocument);
  await subscribe('products', 'eve', operations.ProductsUpdatedDocument, () => ({ search: 'green' }));
  await subscribe('customer', 'ada', operations.CustomerUpdatedDocument, ({ ada }) => ({ id: ada }));

  // A draft.
  const created = input(({ tea }) => ({
    items: [{ productId: tea, quantity: 2 }],
    reference: 'mine',
    idempotencyKey: 'first',
  }));
  await ask('create', 'ada', Create, created, { order: 'orderId', start: 'position' });
  await ask('create again', 'ada', Create, created);
  await ask(
    'reuse the key',
    'ada',
    Create,
    input(() => ({ idempotencyKey: 'first' })),
  );
  await ask(
    'create without a customer',
    'anna',
    Create,
    input(() => ({})),
  );
  await ask(
    'create for another',
    'ada',
    Create,
    input(({ eve }) => ({ customerId: eve })),
  );
  await ask(
    'too many units',
    'ada',
    Create,
    input(({ tea }) => ({ items: [{ productId: tea, quantity: 10_001 }] })),
  );
  await subscribe('order', 'ada', operations.OrderUpdatedDocument, ({ order }) => ({ id: order }));
  const item = (make: (known: Known) => object) => input(known => ({ orderId: known['order'], ...make(known) }));
  await ask(
    'add item',
    'ada',
    AddItem,
    item(({ tea }) => ({ productId: tea, quantity: 3 })),
  );
  await ask(
    'add in dollars',
    'ada',
    AddItem,
    item(({ coffee }) => ({ productId: coffee })),
  );
  const line = 'lin_00000000-0000-4000-8000-00000000beef';
  await ask(
    'remove no line',
    'ada',
    RemoveItem,
    item(() => ({ lineId: line })),
  );
  for (const player of [scripted, real]) {
    const last = player.answers.find(([step]) => step === 'add item')?.[1] as { data: object };
    player.known['line'] = /lin_[0-9a-f-]{36}/.exec(JSON.stringify(last))![0];
  }
  await ask(
    'no units',
    'ada',
    ChangeQuantity,
    item(({ line }) => ({ lineId: line, quantity: 0 })),
  );
  await ask(
    'change quantity',
    'ada',
    ChangeQuantity,
    item(({ line }) => ({ lineId: line, quantity: 4 })),
  );
  await ask(
    'remove item',
    'ada',
    RemoveItem,
    item(({ line }) => ({ lineId: line })),
  );
  await ask('submit empty', 'ada', Submit, order);
  await ask(
    'add again',
    'ada',
    AddItem,
    item(({ tea }) => ({ productId: tea })),
  );

  // From status to status.
  await ask('confirm a draft', 'anna', Confirm, order);
  await ask(
    'wrong version',
    'ada',
    Submit,
    input(({ order }) => ({ orderId: order, expectedVersion: 1 })),
  );
  await ask('submit', 'ada', Submit, order);
  await ask('submit again', 'ada', Submit, order);
  await ask('confirm as customer', 'ada', Confirm, order);
  await ask('confirm', 'anna', Confirm, order, { confirmed: 'position' });
  await ask(
    'ship blank',
    'anna',
    Ship,
    input(({ order }) => ({ orderId: order, carrier: ' ' })),
  );
  await ask(
    'ship',
    'anna',
    Ship,
    input(({ order }) => ({ orderId: order, carrier: 'DHL', trackingNumber: 'T-1' })),
  );
  await ask(
    'cancel late',
    'ada',
    Cancel,
    input(({ order }) => ({ orderId: order, reason: 'late' })),
  );
  await ask('deliver', 'anna', Deliver, order);
  await ask('deliver again', 'anna', Deliver, order);
  await ask(
    'create empty',
    'anna',
    Create,
    input(({ eve }) => ({ customerId: eve })),
    { other: 'orderId' },
  );
  const other = input(({ other }) => ({ orderId: other, reason: 'No need' }));
  await ask('cancel as another', 'ada', Cancel, other);
  await ask('cancel', 'eve', Cancel, other);
  await ask(
    'confirm cancelled',
    'anna',
    Confirm,
    input(({ other }) => ({ orderId: other })),
  );
  const missing = 'ord_00000000-0000-4000-8000-00000000beef';
  await ask(
    'confirm none',
    'anna',
    Confirm,
    input(() => ({ orderId: missing })),
  );

  // Names.
  await ask(
    'change product',
    'anna',
    ChangeProduct,
    input(({ tea }) => ({ productId: tea, name: 'Black tea' })),
  );
  await ask(
    'change nothing',
    'anna',
    ChangeProduct,
    input(({ tea }) => ({ productId: tea })),
  );
  await ask(
    'rename',
    'ada',
    Rename,
    input(({ ada }) => ({ customerId: ada, name: 'Ada King' })),
    { end: 'position' },
  );

  // Reads, which reflect all that was stored.
  const now = (make: (known: Known) => object) => (known: Known) => ({ atLeast: known['end'], ...make(known) });
  await ask('viewer', 'ada', operations.ViewerDocument);
  await ask(
    'order',
    'ada',
    Order,
    now(({ order }) => ({ id: order })),
  );
  await ask(
    'order of another',
    'eve',
    Order,
    now(({ order }) => ({ id: order })),
  );
  await ask(
    'orders',
    'anna',
    Orders,
    now(() => ({ first: 1 })),
  );
  await ask(
    'orders from the end',
    'anna',
    Orders,
    now(() => ({ last: 1 })),
  );
  await ask(
    'by total',
    'anna',
    Orders,
    now(() => ({ orderBy: { field: 'TOTAL', direction: 'ASC' } })),
  );
  await ask(
    'by status',
    'anna',
    Orders,
    now(() => ({ filter: { statusIn: ['CANCELLED', 'DRAFT'] } })),
  );
  await ask(
    'by words',
    'anna',
    Orders,
    now(() => ({ filter: { search: 'king green te' } })),
  );
  await ask(
    'by product',
    'anna',
    Orders,
    now(({ coffee }) => ({ filter: { productId: coffee } })),
  );
  await ask(
    'orders as customer',
    'ada',
    Orders,
    now(() => ({})),
  );
  await ask(
    'customer',
    'ada',
    CustomerOrders,
    now(({ ada }) => ({ id: ada, first: 5 })),
  );
  await ask(
    'customers',
    'anna',
    operations.CustomersDocument,
    now(() => ({})),
  );
  await ask(
    'products',
    'eve',
    operations.ProductsDocument,
    now(() => ({ search: 'tea' })),
  );
  await ask(
    'counts',
    'anna',
    operations.OrderCountsDocument,
    now(() => ({})),
  );
  await ask(
    'own counts',
    'eve',
    operations.OrderCountsDocument,
    now(() => ({})),
  );
  await ask(
    'counts of another',
    'eve',
    operations.OrderCountsDocument,
    now(({ ada }) => ({ customerId: ada })),
  );
  await ask(
    'totals',
    'ada',
    operations.CustomerTotalsDocument,
    now(({ ada }) => ({ id: ada })),
  );
  await ask('no token', undefined, operations.ViewerDocument);
  await ask('a wrong token', 'nobody', operations.ViewerDocument);
  await ask('no GraphQL', 'anna', '{ orders');
  await ask('no field', 'anna', '{ orders { nothing } }');
  await ask('no variable', 'anna', Order);
  await ask('no position', 'anna', Order, ({ order }) => ({ id: order, atLeast: 'soon' }));
  const foreign = ({ end }: Known) => `${end!.slice(0, 14)}${'0'.repeat(12)}`;
  await ask('another log', 'anna', Order, known => ({ id: known['order'], atLeast: foreign(known) }));
  await ask('too many rows', 'anna', Orders, () => ({ first: 101 }));

  // Resumed subscriptions, and such as cannot start.
  await subscribe('resumed order', 'ada', operations.OrderUpdatedDocument, ({ order, start }) => ({
    id: order,
    after: start,
  }));
  await subscribe('resumed list', 'anna', operations.OrdersUpdatedDocument, ({ confirmed }) => ({ after: confirmed }));
  await subscribe(
    'extensions first',
    'anna',
    operations.OrdersUpdatedDocument,
    ({ start }) => ({ after: start }),
    ({ end }) => ({ after: end }),
  );
  await subscribe('resumed counts', 'anna', operations.OrderCountsUpdatedDocument, ({ start }) => ({ after: start }));
  await subscribe('nothing new', 'anna', operations.OrderCountsUpdatedDocument, ({ end }) => ({ after: end }));
  await subscribe('foreign order', 'ada', operations.OrderUpdatedDocument, known => ({
    id: known['order'],
    after: foreign(known),
  }));
  await subscribe('foreign list', 'anna', operations.OrdersUpdatedDocument, known => ({ after: foreign(known) }));
  await subscribe('foreign counts', 'anna', operations.OrderCountsUpdatedDocument, known => ({
    after: foreign(known),
  }));
  await subscribe('no order', 'anna', operations.OrderUpdatedDocument, () => ({ id: missing }));
  await subscribe('order of another', 'eve', operations.OrderUpdatedDocument, ({ order }) => ({ id: order }));
  await subscribe('list as customer', 'eve', operations.OrdersUpdatedDocument);
  await subscribe('not GraphQL', 'eve', 'subscription {');
  await subscribe('query', 'eve', operations.ViewerDocument);
  await subscribe(
    'query after',
    'eve',
    operations.ProductDocument,
    ({ tea }) => ({ id: tea }),
    ({ end }) => ({ atLeast: end }),
  );
  await subscribe('unknown', undefined, operations.ViewerDocument);

  const said = ({ answers, ...player }: Player) =>
    comparable({ answers, messages: messagesOf({ answers, ...player }) });
  expect(said(scripted)).toEqual(said(real));
});
