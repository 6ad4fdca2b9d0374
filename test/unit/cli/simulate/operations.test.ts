import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import * as simulated from '../../../../src/simulation/operations.ts';
import * as watched from '../../../../src/cli/watch/operations.ts';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

it.each(Object.entries({ ...simulated, ...watched }))('the commands match the schema: %s', (_, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});
