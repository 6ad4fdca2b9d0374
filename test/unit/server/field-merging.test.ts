import fc from 'fast-check';
import { buildSchema, OverlappingFieldsCanBeMergedRule, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { fieldMergingRule } from '../../../src/server/limits/field-merging.ts';
import { validateDocument } from '../../../src/server/limits/validate-document.ts';

const schema = buildSchema(`
  interface Node { id: ID next: Node size(unit: String, at: In): Int }
  type Stone implements Node { id: ID next: Node size(unit: String, at: In): Int twin: Stone! pile: [Stone] name: String }
  type Shell implements Node { id: ID next: Node size(unit: String, at: In): Int twin: Shell pile: [Shell!] name: Int }
  union Found = Stone | Shell
  input In { a: Int b: Int }
  type Query { stone: Stone shell: Shell node: Node found: Found }`);

const types = ['Query', 'Stone', 'Shell', 'Node', 'Found'];
// Most of them can be merged with each other; otherwise nearly every document would have a conflict.
const leaf = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('id', '__typename', 'nothing', 'size(at: {a: 1, b: 2}, unit: "m")') },
  { weight: 4, arbitrary: fc.constantFrom('size(unit: "m", at: {b: 2, a: 1})', 'name') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('id: name', 'name: id', 'size', 'size(unit: "m", at: {a: 1, b: 3})', 'id: size'),
  },
);
const spread = fc.constantFrom('...F0', '...F1', '...F2');
const field = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('stone', 'shell', 'node', 'found', 'next', 'twin', 'pile') },
  { weight: 1, arbitrary: fc.constantFrom('next: twin', 'twin: next', 'a: pile') },
);
const { selection } = fc.letrec<{ selection: string; set: string }>(tie => ({
  selection: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    spread,
    fc.tuple(field, tie('set')).map(([name, set]) => `${name} ${set}`),
    fc.tuple(fc.constantFrom(...types), tie('set')).map(([type, set]) => `... on ${type} ${set}`),
  ),
  set: fc.array(tie('selection'), { minLength: 1, maxLength: 3 }).map(all => `{ ${all.join(' ')} }`),
}));
const set = fc.array(selection, { minLength: 1, maxLength: 3 }).map(all => `{ ${all.join(' ')} }`);
const document = fc
  .tuple(set, fc.array(fc.tuple(fc.constantFrom(...types), set), { minLength: 3, maxLength: 3 }))
  .map(([root, fragments]) =>
    // Each fragment is also spread from the root: another rule rejects unused ones.
    [
      `{ ...F0 ...F1 ...F2 ... on Query ${root} }`,
      ...fragments.map(([type, one], n) => `fragment F${n} on ${type} ${one}`),
    ].join(' '),
  );

test('fields conflict exactly if they do by the rule of graphql-js, for any document', () => {
  let conflicts = 0;
  fc.assert(
    fc.property(document, text => {
      const parsed = parse(text);
      const theirs = validate(schema, parsed, [OverlappingFieldsCanBeMergedRule]).length > 0;
      const ours = validate(schema, parsed, [fieldMergingRule]).length > 0;
      if (theirs) conflicts++;
      expect(ours).toBe(theirs);
    }),
    { numRuns: 1_000 },
  );
  // And both outcomes occur.
  expect(conflicts).toBeGreaterThan(100);
  expect(conflicts).toBeLessThan(900);
});

test.each([
  ['{ stone { id: name id } }', 'Fields "id" conflict because "name" and "id" are different fields.'],
  ['{ node { size size(unit: "m") } }', 'Fields "size" conflict because they have differing arguments.'],
  [
    '{ node { ... on Stone { name } ... on Shell { name } } }',
    'Fields "name" conflict because they return conflicting types "String" and "Int".',
  ],
])('a conflict is reported with its reason and both places: %s', (text, message) => {
  expect(validateDocument(schema, parse(text))).toMatchObject([
    { message: expect.stringContaining(message), locations: [{ line: 1 }, { line: 1 }] },
  ]);
});

test("a document whose fragments merge too many fields is rejected with the limit's name", () => {
  const many = Array.from({ length: 400 }, (_, n) => `f${n}: id`).join(' ');
  const operations = Array.from({ length: 200 }, (_, n) => `query Q${n} { node { id ...F } }`).join(' ');
  expect(validateDocument(schema, parse(`${operations} fragment F on Node { ${many} }`))).toMatchObject([
    { extensions: { code: 'LIMIT_EXCEEDED', name: 'fields', limit: 20_000 } },
  ]);
});

test('an error has at most three places, and there are at most twenty errors and one about the rest', () => {
  const names = '\n\n{ stone { id(x: 1 x: 1 x: 1 x: 1 x: 1) } }';
  const [error] = validateDocument(schema, parse(names));
  expect(error?.locations).toHaveLength(3);
  expect(error?.locations?.[0]).toEqual({ line: 3, column: 14 });
  const unknown = Array.from({ length: 100 }, (_, n) => `u${n}`).join(' ');
  expect(validateDocument(schema, parse(`{ ${unknown} }`))).toHaveLength(21);
});
