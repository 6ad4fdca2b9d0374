import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError, ReadOnlyError, UnavailableError } from '../../../src/event-store/appender.ts';
import { UnknownEventError } from '../../../src/event-store/event-types.ts';
import { codedError } from '../../../src/graphql/coded-error.ts';
import { errorCodes } from '../../../src/graphql/error-codes.ts';
import { formatError, presentError } from '../../../src/server/execution/present-error.ts';
import { StalePositionError } from '../../../src/projections/stale-position.ts';

const lines: Record<string, unknown>[] = [];
const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });

const thrown = (originalError: Error) => new GraphQLError(originalError.message, { path: ['field'], originalError });
const refusal = (code: string) => Object.assign(new Error('secret'), { code, severity: 'ERROR' });
const presented = (error: unknown) => formatError(presentError(error, logger));

describe('errors', () => {
  test.each([
    ['a command of unknown outcome', new OutcomeUnknownError('secret'), 'OUTCOME_UNKNOWN'],
    ['a command that could not be executed', new UnavailableError('secret'), 'UNAVAILABLE'],
    ['an event that a newer release stored', new UnknownEventError('secret'), 'UNAVAILABLE'],
    ['a position of another log', new StalePositionError('secret'), 'STALE_POSITION'],
    ['a database that is down', new Error('connect ECONNREFUSED 10.0.0.7:5432 secret'), 'UNAVAILABLE'],
    [
      'a database that shuts down',
      Object.assign(new Error('secret'), { code: '57P01', severity: 'FATAL' }),
      'UNAVAILABLE',
    ],
    ['a connection that was cut', new Error('Connection terminated unexpectedly, secret'), 'UNAVAILABLE'],
    ['a lock that others hold', refusal('55P03'), 'UNAVAILABLE'],
    ['a statement that took too long', refusal('57014'), 'UNAVAILABLE'],
    ['a deadlock', refusal('40P01'), 'UNAVAILABLE'],
    ['a read-only database', refusal('25006'), 'READ_ONLY'],
    ['a command on a read-only database', new ReadOnlyError('secret'), 'READ_ONLY'],
    ['an invalid statement', refusal('42601'), 'INTERNAL'],
    ['a bug', new TypeError('secret'), 'INTERNAL'],
  ])('%s: the response has the code, and nothing about the cause', (_what, error, code) => {
    for (const answer of [presented(error), presented(thrown(error))]) {
      expect(answer.extensions['code']).toBe(code);
      expect(JSON.stringify(answer)).not.toContain('secret');
    }
  });

  test('an unexpected error is logged once, under the id in the response', () => {
    lines.length = 0;
    const error = presentError(thrown(new Error('boom')), logger);
    expect(presentError(error, logger)).toBe(error);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ id: error.extensions['id'], err: { message: 'boom' } });
    expect(error.path).toEqual(['field']);
  });

  test('a thrown value that is no error is masked too', () => {
    for (const thing of ['secret', null, undefined, { message: 'secret' }]) {
      expect(presented(thing).extensions['code']).toBe('INTERNAL');
      expect(JSON.stringify(presented(thing))).not.toContain('secret');
    }
  });

  test('a coded error is answered unchanged, with its extensions', () => {
    const answer = presented(thrown(codedError('VIEW_LAGGING', 'Not yet.', { position: 'there' })));
    expect(answer).toEqual({
      message: 'Not yet.',
      path: ['field'],
      extensions: { code: 'VIEW_LAGGING', position: 'there' },
    });
  });

  test('an error that may be retried has Retry-After: that of the limit, or a short time', () => {
    const retryAfter = (error: GraphQLError) =>
      (presentError(error, logger).extensions['http'] as { headers: Record<string, string> }).headers['Retry-After'];
    expect(retryAfter(codedError('RATE_LIMITED', 'Too many.', { retryAfter: 7 }))).toBe('7');
    expect(retryAfter(codedError('UNAVAILABLE', 'Not now.'))).toBe('1');
    expect(retryAfter(codedError('VIEW_LAGGING', 'Not yet.'))).toBe('1');
    expect(retryAfter(codedError('VIEW_PARKED', 'An operator has to look.'))).toBe('60');
    expect(retryAfter(codedError('FORBIDDEN', 'No.'))).toBeUndefined();
  });

  test('the code of another library is not passed on', () => {
    const foreign = Object.assign(new Error('secret'), { extensions: { code: 'FOREIGN', secret: 'secret' } });
    expect(presented(thrown(foreign))).toMatchObject({ extensions: { code: 'INTERNAL' } });
    expect(JSON.stringify(presented(thrown(foreign)))).not.toContain('secret');
  });

  test('the catalogue has the codes of the contract, and the later ones NOT_ACCEPTABLE and READ_ONLY', () => {
    expect(Object.keys(errorCodes)).toEqual(
      `GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED BAD_USER_INPUT NOT_ACCEPTABLE UNAUTHENTICATED FORBIDDEN NOT_FOUND
      VIEW_LAGGING VIEW_PARKED STALE_POSITION OUTCOME_UNKNOWN LIMIT_EXCEEDED RATE_LIMITED UNAVAILABLE READ_ONLY INTERNAL`.split(
        /\s+/,
      ),
    );
  });
});
