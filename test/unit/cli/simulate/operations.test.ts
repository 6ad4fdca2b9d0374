import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import * as operations from '../../../../src/cli/simulate/operations.ts';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

it.each(Object.entries(operations))('the simulation asks what the schema has: %s', (_, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});
