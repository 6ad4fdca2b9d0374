import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { exceededLimit, limitNames } from '../../../src/server/limits/limit-names.ts';

const server = fileURLToPath(new URL('../../../src/server/', import.meta.url));

test('every limit of the server has a name in the list, and every name in the list is one of a limit', () => {
  const files = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const text = files
    .filter(file => !file.endsWith('limit-names.ts'))
    .map(file => readFileSync(server + file, 'utf8'))
    .join('\n');
  const calls = text.match(/\blimitExceeded\((?:[^()]|\([^()]*\))*\)/g) ?? [];
  expect(calls.length).toBeGreaterThan(10);
  for (const call of calls) expect(call).toMatch(/\{\s*name: '\w+'/);
  const named = calls.map(call => /\{\s*name: '(\w+)'/.exec(call)?.[1]);
  const sockets = [...text.matchAll(/reportIfRefused\([^;]*?'(\w+)'\)/g)].map(([, name]) => name);
  expect(new Set([...named, ...sockets, 'rate', 'other'])).toEqual(new Set(limitNames));
});

test('an error about a limit without a name counts as other, and another error counts for no limit', () => {
  const limitOf = (extensions: object) => exceededLimit(new GraphQLError('no', { extensions: { ...extensions } }));
  expect(limitOf({ code: 'LIMIT_EXCEEDED', name: 'depth' })).toBe('depth');
  expect(limitOf({ code: 'RATE_LIMITED', name: 'rate' })).toBe('rate');
  expect(limitOf({ code: 'LIMIT_EXCEEDED' })).toBe('other');
  expect(limitOf({ code: 'LIMIT_EXCEEDED', name: 'written by a caller' })).toBe('other');
  expect(limitOf({ code: 'NOT_FOUND', name: 'depth' })).toBeUndefined();
});
