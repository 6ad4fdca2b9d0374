import { createHash } from 'node:crypto';
import { buildSchema, type GraphQLObjectType, parse } from 'graphql';
import { expect, test } from 'vitest';
import { createContext } from '../../../src/graphql/context.ts';
import { executeOperation } from '../../../src/server/execution/operation.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import { watched } from '../../../src/server/execution/watchdog.ts';
import { logged, logger } from './mini-server.ts';

const schema = buildSchema('type Query { spin(note: String): Int } type Mutation { spin(note: String): Int }');
function hold(milliseconds: number): number {
  for (const start = performance.now(); performance.now() - start < milliseconds; );
  return milliseconds;
}
for (const name of ['Query', 'Mutation']) {
  (schema.getType(name) as GraphQLObjectType).getFields()['spin']!.resolve = () => hold(1_050);
}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const lines = () => logged.filter(({ msg }) => msg === 'a request held the event loop');

test.each(['query', 'mutation'])(
  'a %s that blocks the event loop for more than a second is logged once and counted, by the hash of its document alone',
  async operation => {
    logged.length = 0;
    let held = 0;
    const query = `${operation} ($note: String) { spin(note: $note) }`;
    const parts = { counts: { held: () => held++ } } as unknown as Dependencies;
    const contextValue = createContext(parts, logger, { identity: undefined });
    await executeOperation({ schema, document: parse(query), contextValue, variableValues: { note: 'Ada Lovelace' } });
    expect(held).toBe(1);
    expect(lines()).toMatchObject([{ level: 40, documentSha256: sha256(query), operation }]);
    expect(lines()[0]!['milliseconds']).toBeGreaterThan(1_000);
    expect(JSON.stringify(logged)).not.toMatch(/Lovelace|spin/);
  },
);

test('a query that blocks the event loop after a wait is logged, and the queries that end behind it are not', async () => {
  logged.length = 0;
  const waiting = buildSchema('type Query { rows: Int other: Int }');
  const fields = (waiting.getType('Query') as GraphQLObjectType).getFields();
  const read = () => new Promise<void>(resolve => setTimeout(resolve, 10));
  fields['rows']!.resolve = () => read().then(() => hold(1_250));
  fields['other']!.resolve = read;
  const ask = async (query: string) => {
    const contextValue = createContext({} as unknown as Dependencies, logger, { identity: undefined });
    await executeOperation({ schema: waiting, document: parse(query), contextValue });
  };
  await Promise.all(['{ rows }', '{ other }', '{ o: other }'].map(ask));
  expect(lines()).toMatchObject([{ documentSha256: sha256('{ rows }'), operation: 'query' }]);
  await ask('{ other }');
  expect(lines()).toHaveLength(1);
});

test('a blocking step that fails is logged too, also for a text that does not parse', () => {
  logged.length = 0;
  const step = () => {
    hold(1_050);
    throw new Error('no document');
  };
  expect(() =>
    watched(
      () => ({ logger }),
      () => ({ text: 'tea {' }),
      step,
    ),
  ).toThrow('no document');
  expect(lines()).toMatchObject([{ documentSha256: sha256('tea {'), operation: 'unknown' }]);
  expect(JSON.stringify(logged)).not.toContain('tea');
});
