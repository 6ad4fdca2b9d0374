import fc from 'fast-check';

/** A request as its sender writes it; `variables` is text, since no JSON.stringify() writes 100,000 levels. */
export interface GeneratedRequest {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly query: string;
  readonly variables: string;
}

/** What one shape adds to a document: a selection on `Order`, the fragments that it spreads, and padding. */
interface Part {
  readonly selection: string;
  readonly fragments?: string;
  readonly padding?: string;
}

/** Placeholder for the id of an existing order. */
export const anOrder = 'ORDER_ID';

const times = (count: number, of: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => of(n)).join(' ');

/** An integer from 1 to `most`; half of them are small. */
const upTo = (maximum: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 1, max: Math.min(maximum, 12) }), fc.integer({ min: 1, max: maximum }));

const leaf = fc.constantFrom('id', 'number', 'status', 'version', '__typename', 'nothing');
const orders = 'orders(first: $n)';
/** The last fragment's selection: fixed cost, variable cost, a lookahead, or a directive. */
const end = fc.constantFrom(
  'id',
  'customer { id }',
  `customer { ${orders} { totalCount } }`,
  'customer { orders(filter: $filter) { totalCount position } }',
  'lines { id product { id } }',
  'id @include(if: $yes)',
);

let names = 0;

/** A chain of fragments: each spreads the next one several times. */
const sharedFragments = fc
  .record({
    levels: upTo(180),
    spreads: upTo(5),
    end,
    between: fc.constantFrom('', 'id', 'a: id', 'customer { id }', `customer { ${orders} { totalCount } }`),
    directive: fc.constantFrom('', '', '@skip(if: $no)'),
    inline: fc.boolean(),
  })
  .map(({ levels, spreads, end, between, directive, inline }): Part => {
    const name = `S${names++}_`;
    const spread = (n: number) => (inline ? `... { ...${name}${n} }` : `...${name}${n} ${directive}`);
    const one = (n: number) => `fragment ${name}${n} on Order { ${between} ${times(spreads, () => spread(n + 1))} }`;
    return {
      selection: `...${name}0`,
      fragments: `${times(levels, one)} fragment ${name}${levels} on Order { ${end} }`,
    };
  });

/** Fragments that descend through connections, in one branch or in two. */
const branchingFragments = fc
  .record({ levels: upTo(8), both: fc.boolean(), leaves: upTo(600), leaf })
  .map(({ levels, both, leaves, leaf }): Part => {
    const name = `B${names++}_`;
    const below = (n: number) =>
      `customer { ${orders} { nodes { ...${name}${n + 1} } ${both ? `edges { node { ...${name}${n + 1} } }` : ''} } }`;
    return {
      selection: `...${name}0`,
      fragments: `${times(levels, n => `fragment ${name}${n} on Order { ${below(n)} }`)} fragment ${name}${levels} on Order { ${times(leaves, () => leaf)} }`,
    };
  });

const cycle = upTo(150).map((length): Part => {
  const name = `C${names++}_`;
  const one = (n: number) => `fragment ${name}${n} on Order { id ...${name}${(n + 1) % length} ...${name}0 }`;
  return { selection: `...${name}0`, fragments: times(length, one) };
});

const deepNest = fc.record({ depth: upTo(300), inline: fc.boolean(), end }).map(({ depth, inline, end }): Part => {
  const [open, close] = inline ? ['... on Order {', '}'] : [`customer { ${orders} { nodes {`, '} } }'];
  return { selection: `${open.repeat(depth)} ${end} ${close.repeat(depth)}` };
});

/** The same fields repeated, and nested copies: all of them merge into one. */
const merged = fc
  .record({ copies: upTo(600), halvings: fc.integer({ min: 0, max: 7 }), end })
  .map(({ copies, halvings, end }): Part => {
    const half = (n: number): string =>
      n === 0 ? end : `customer { ${orders} { nodes { ${half(n - 1)} ${half(n - 1)} } } }`;
    return { selection: halvings === 0 ? times(copies, () => end) : half(halvings) };
  });

const aliases = fc
  .record({ count: upTo(600), end })
  .map(({ count, end }): Part => ({ selection: times(count, n => `a${n}: ${end}`) }));

const unknown = fc
  .record({ count: upTo(600), name: fc.constantFrom('custmer', 'x', 'x'.repeat(60)) })
  .map(({ count, name }): Part => ({ selection: times(count, n => `${name}${n}`) }));

const directives = fc
  .record({ count: upTo(500), one: fc.constantFrom('@skip(if: $no)', '@include(if: true)', '@nothing') })
  .map(({ count, one }): Part => ({ selection: `id ${times(count, () => one)}` }));

const listLiteral = fc
  .record({ length: upTo(1_900), item: fc.constantFrom('DRAFT', '"DRAFT"', '1', '$n', '{a: 1}') })
  .map(
    ({ length, item }): Part => ({
      selection: `customer { orders(filter: { statusIn: [${times(length, () => item)}] }) { totalCount } }`,
    }),
  );

const deepLiteral = fc.record({ depth: upTo(900), object: fc.boolean() }).map(
  ({ depth, object }): Part => ({
    selection: `customer { orders(filter: ${object ? '{search:'.repeat(depth) : '['.repeat(depth)}1${(object ? '}' : ']').repeat(depth)}) { totalCount } }`,
  }),
);

const manyArguments = upTo(600).map(
  (count): Part => ({ selection: `history(${times(count, () => 'first: 1')}) { totalCount }` }),
);

/** Text without tokens, before the document. */
const padding = fc
  .record({ count: upTo(600_000), what: fc.constantFrom('\n', '#\n', '\r\n', ' ', ',', '#'), unknown: upTo(300) })
  .map(
    ({ count, what, unknown }): Part => ({
      selection: times(unknown, n => `u${n}`),
      padding: `${what.repeat(count)}\n`,
    }),
  );

const part = fc.oneof(
  { weight: 4, arbitrary: sharedFragments },
  { weight: 2, arbitrary: branchingFragments },
  { weight: 2, arbitrary: merged },
  cycle,
  deepNest,
  aliases,
  unknown,
  directives,
  listLiteral,
  deepLiteral,
  manyArguments,
  padding,
);

/** JSON of a value that fits no type of the schema, or of a long one. */
const value = fc.oneof(
  fc
    .record({ levels: upTo(240_000), list: fc.boolean() })
    .map(({ levels, list }) => (list ? `${'['.repeat(levels)}${']'.repeat(levels)}` : objects(Math.ceil(levels / 3)))),
  upTo(200_000).map(length => `[${Array.from({ length }, () => '"DRAFT"').join()}]`.slice(0, 900_000)),
  upTo(70_000).map(length => `{${Array.from({ length }, (_, n) => `"k${n}":1`).join()}}`),
  upTo(900_000).map(length => `"${'x'.repeat(length)}"`),
  upTo(30_000).map(length => `{"statusIn":[${Array.from({ length }, () => '"DRAFT"').join()}]}`),
  fc.constantFrom('null', '1', '{"search":"tea"}'),
);
function objects(levels: number): string {
  return `${'{"search":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

const variables = fc
  .record({
    n: fc.constantFrom('1', '2', '100', '2147483647', 'null', '"x"'),
    name: fc.constantFrom('filter', 'n', 'undeclared'),
    value,
  })
  .map(
    ({ n, name, value }) =>
      (name === 'n' ? `{"n":${value},` : `{"n":${n},"${name}":${value},`) + '"yes":true,"no":false}',
  );

const small = fc.constantFrom('{"n":1,"filter":{},"yes":true,"no":false}');

const inOrder = fc
  .record({
    kind: fc.constantFrom('query', 'query', 'subscription'),
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
  })
  .map(({ kind, parts }): Omit<GeneratedRequest, 'variables'> => {
    const selection = parts.map(one => one.selection).join(' ');
    const root = kind === 'query' ? `order(id: "${anOrder}")` : `orderUpdated(id: "${anOrder}")`;
    const body = kind === 'query' ? `{ ${selection} }` : `{ order { ${selection} } }`;
    // Every variable is used here; otherwise validation would reject the document because of an unused variable.
    const used = `fragment Used on Order { customer { used: orders(first: $n, filter: $filter) { position @skip(if: $no) @include(if: $yes) } } }`;
    const head = `${kind} ($n: Int, $filter: OrderFilter, $yes: Boolean!, $no: Boolean!)`;
    const around = body.replace(/^\{/, kind === 'query' ? '{ ...Used' : '{').replace('{ order {', '{ order { ...Used');
    const fragments = parts.map(one => one.fragments ?? '').join(' ');
    return {
      kind,
      query: `${parts.map(one => one.padding ?? '').join('')}${head} { ${root} ${around} } ${fragments} ${used}`,
    };
  });

const introspection = fc
  .record({ copies: upTo(300), aliased: fc.boolean(), depth: fc.integer({ min: 1, max: 3 }), levels: upTo(60) })
  .map(({ copies, aliased, depth, levels }): Omit<GeneratedRequest, 'variables'> => {
    const below =
      'fields { name args { name type { name ofType { name } } } type { name '.repeat(depth) + '} }'.repeat(depth);
    const one = (n: number) => `fragment I${n} on __Schema { ...I${n + 1} ...I${n + 1} }`;
    return {
      kind: 'query',
      query: `{ ${times(copies, n => `${aliased ? `a${n}: ` : ''}__schema { ...I0 }`)} } ${times(levels, one)} fragment I${levels} on __Schema { types { name ${below} } }`,
    };
  });

const manyOperations = fc.record({ count: upTo(200), fields: upTo(600) }).map(
  ({ count, fields }): Omit<GeneratedRequest, 'variables'> => ({
    kind: 'query',
    query: `${times(count, n => `query Q${n} { ...F }`)} fragment F on Query { ${times(fields, () => 'viewer { role }')} }`,
  }),
);

const mutation = fc.constantFrom('CreateOrderInput', 'AddOrderItemInput').map(
  (input): Omit<GeneratedRequest, 'variables'> => ({
    kind: 'mutation',
    query: `mutation ($input: ${input}!) { ${input.charAt(0).toLowerCase()}${input.slice(1, -5)}(input: $input) { __typename } }`,
  }),
);

const input = fc.oneof(
  value,
  upTo(30_000).map(length =>
    `{"items":[${Array.from({ length }, () => '{"productId":"x","quantity":1}').join()}]}`.slice(0, 990_000),
  ),
);

/** Requests of every kind. Most are small to send and expensive to process. */
export const generatedRequest: fc.Arbitrary<GeneratedRequest> = fc
  .oneof(
    { weight: 6, arbitrary: fc.tuple(inOrder, fc.oneof({ weight: 3, arbitrary: small }, variables)) },
    { weight: 1, arbitrary: fc.tuple(introspection, fc.constant('{}')) },
    { weight: 1, arbitrary: fc.tuple(manyOperations, fc.constant('{}')) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        mutation,
        input.map(one => `{"input":${one}}`),
      ),
    },
  )
  .map(([request, variables]) => ({ ...request, variables }));
