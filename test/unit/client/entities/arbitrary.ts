import fc from 'fast-check';

/** An operation of any kind, with its variables. */
export interface Operation {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The order of a frame or command. */
  readonly orderId: string;
  readonly isRejected: boolean;
}

/** A step of the world: a change at the server, a new answer on its way, or the arrival of one. */
export type Step =
  | { readonly do: 'change'; readonly key: string }
  | { readonly do: 'rename'; readonly order: string }
  | { readonly do: 'send'; readonly operation: Operation; readonly behind: number }
  | { readonly do: 'deliver'; readonly which: number };

const subset = (...selections: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc
    .tuple(...selections.map(selection => fc.option(selection, { freq: 2, nil: '' })))
    .map(chosen => chosen.join(' ').trim() || '__typename');
const field = (name: string) => fc.constantFrom(name, name, name, `a_${name}: ${name}`);
const object = (name: string, inside: fc.Arbitrary<string>) =>
  fc.tuple(field(name), inside).map(([name, inside]) => `${name} { ${inside} }`);

const money = subset(field('amount'), field('currency'));
const product = subset(field('name'), field('sku'), field('available'), object('price', money));
const customer = subset(field('name'), field('email'));
const line = subset(
  field('quantity'),
  field('productName'),
  object('product', product),
  object('unitPrice', money),
  object('subtotal', money),
);
const plainOrder = subset(
  field('status'),
  field('number'),
  field('reference'),
  field('itemCount'),
  field('availableActions'),
  object('total', money),
  object('shipment', subset(field('carrier'), field('trackingNumber'))),
  object('lines', line),
  object('customer', customer),
);

/** A part of a selection on orders, in one of the ways in which GraphQL can write it. */
const part = fc.tuple(
  plainOrder,
  fc.constantFrom(
    '%',
    '%',
    '...Part',
    '... on Order { % }',
    '... @include(if: $yes) { % }',
    '... @skip(if: $yes) { % }',
    '... on Node { __typename ... on Order { % } }',
    '... on Node { id ... on Customer { name } }',
  ),
);
const order = fc
  .array(
    part.map(([fields, way]) => way.replace('%', fields)),
    { minLength: 1, maxLength: 2 },
  )
  .map(parts => parts.join(' '));

const statusIn = fc.constantFrom('', '', 'filter: { statusIn: [DRAFT, SUBMITTED, CONFIRMED] }', 'filter: $filter');
const page = (alias: string) =>
  fc
    .tuple(
      fc.constantFrom('first: 2', 'first: $first', ''),
      statusIn,
      order,
      fc.constantFrom('nodes', 'edges', 'both'),
      subset(field('totalCount'), object('pageInfo', subset(field('hasNextPage'), field('endCursor')))),
    )
    .map(([first, filter, order, shape, more]) => {
      const given = [first, filter].filter(Boolean).join(', ');
      const edges = shape === 'nodes' ? '' : `edges { cursor node { ${order} } }`;
      const nodes = shape === 'edges' ? '' : `nodes { ${order} }`;
      return `${alias}: orders${given && `(${given})`} { ${edges} ${nodes} ${more} }`;
    });

const orderId = fc.constantFrom('1', '1', '1', '2', '3');
const root = (alias: string) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(orderId, order).map(([id, order]) => `${alias}: order(id: "${id}") { ${order} }`),
    },
    fc.tuple(orderId, order).map(([id, order]) => `${alias}: node(id: "Order:${id}") { ... on Order { ${order} } }`),
    fc
      .tuple(orderId, customer)
      .map(
        ([id, customer]) =>
          `${alias}: nodes(ids: ["Order:${id}", "Customer:1"]) { id ... on Customer { ${customer} } }`,
      ),
    fc
      .tuple(customer, page('pages'))
      .map(([customer, page]) => `${alias}: customer(id: "1", atLeast: $at) { ${customer} ${page} }`),
    fc
      .tuple(customer, page('mine'))
      .map(([customer, page]) => `${alias}: viewer { subject customer { ${customer} ${page} } }`),
    product.map(product => `${alias}: product(id: "2") { ${product} }`),
    page(alias),
  );

const bodies = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(root('r1'), fc.option(root('r2'), { nil: '' }))
      .map(roots => `query ($V) { ${roots.join(' ')} }`),
  },
  order.map(order => `subscription ($V) { orderUpdated(id: "1") { kind order { ${order} } } }`),
  order.map(order => `subscription ($V) { ordersUpdated(after: $at) { kind matches order { ${order} } position } }`),
  fc.tuple(order, customer).map(
    ([order, customer]) => `mutation ($V) { confirmOrder(input: { orderId: "1" }) {
      ... on OrderCommandPayload { order { ${order} } } ... on CommandError { message }
      ... on RejectedError { current { ... on Customer { ${customer} } ... on Order { ${order} } } } } }`,
  ),
);

const definitions = {
  $yes: 'Boolean! = true',
  $first: 'Int = 2',
  $filter: 'OrderFilter = { statusIn: [SHIPPED, DRAFT] }',
  $at: 'Position',
};

/** GraphQL rejects a variable that is defined and not used. */
function withVariables(text: string): string {
  const used = Object.entries(definitions).filter(([name]) => text.includes(name));
  return text.replace(' ($V)', used.length > 0 ? ` (${used.map(entry => entry.join(': ')).join(', ')})` : '');
}

export const operation: fc.Arbitrary<Operation> = fc
  .record({
    body: bodies,
    fragment: plainOrder,
    orderId,
    isRejected: fc.boolean(),
    variables: fc.record(
      { yes: fc.boolean(), first: fc.constantFrom(1, 2), at: fc.constantFrom('000001', null) },
      { requiredKeys: [] },
    ),
  })
  .map(({ body, fragment, ...rest }) => {
    const text = body.includes('...Part') ? `${body} fragment Part on Order { ${fragment} }` : body;
    return { text: withVariables(text), ...rest };
  });

// Most of it is about one order: only answers about the same thing can contradict each other.
const key = fc.constantFrom(
  ...['Order:1', 'Order:1', 'Order:1', 'Order:2', 'Order:3', 'Customer:1', 'Customer:2', 'Product:1', 'Product:2'],
);

/** Without bias: fast-check would make most of them short, and selections small. */
export const steps: fc.Arbitrary<Step[]> = fc.noBias(
  fc.array(
    fc.oneof(
      { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), key }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), order: orderId }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), operation, behind: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(20) }) },
    ),
    { minLength: 20, maxLength: 40 },
  ),
);
