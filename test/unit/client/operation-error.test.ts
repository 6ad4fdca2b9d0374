import { expect, test } from 'vitest';
import { OperationError, operationErrorOf } from '../../../src/client/operation-error.ts';

test('an error of the server keeps its code and message, so that it is not retried as a lost connection', () => {
  const errors = [{ message: 'Cannot query field "x".', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }];
  expect(operationErrorOf(errors)).toMatchObject({
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Cannot query field "x".',
  });
});

test.each([
  [{ code: 4400, reason: 'Bad' }, 'The connection was closed: 4400 Bad'],
  [new TypeError('Failed to fetch'), 'Failed to fetch'],
])('a lost connection is NETWORK, with its reason', (error, message) => {
  expect(operationErrorOf(error)).toMatchObject({ code: 'NETWORK', message });
});

test('an operation error stays itself', () => {
  const error = new OperationError('SIGNED_OUT', 'Ended.');
  expect(operationErrorOf(error)).toBe(error);
});
