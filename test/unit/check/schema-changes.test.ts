import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { mayBreak, schemaChanges } from '../../../.config/schema-changes.ts';

const present = await readFile('schema.graphql', 'utf8');

test('the present schema breaks nothing of itself', () => {
  expect(schemaChanges(present, present)).toEqual({ breaking: [], dangerous: [] });
});

test.each([
  [
    'a removed field',
    (schema: string) => schema.replace(/^ {2}viewer: Viewer!$/m, '  other: Viewer!'),
    'Query.viewer was removed.',
  ],
  [
    'a field that became nullable',
    (schema: string) => schema.replace(/^ {2}viewer: Viewer!$/m, '  viewer: Viewer'),
    'Query.viewer changed type from Viewer! to Viewer.',
  ],
])('%s breaks clients of the last release', (_, change, line) => {
  const changed = change(present);
  expect(changed).not.toBe(present);
  expect(schemaChanges(present, changed).breaking).toContain(line);
});

test('an added field breaks no client', () => {
  const added = present.replace(/^ {2}viewer: Viewer!$/m, '  viewer: Viewer!\n  weather: String');
  expect(schemaChanges(present, added).breaking).toEqual([]);
});

test('only a new major version may break clients, before 1.0 a new minor version', () => {
  expect(mayBreak('1.4.0', '1.5.0')).toBe(false);
  expect(mayBreak('1.4.0', '2.0.0')).toBe(true);
  expect(mayBreak('0.1.0', '0.1.1')).toBe(false);
  expect(mayBreak('0.1.0', '0.2.0')).toBe(true);
});
