import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { staffToken } from '../../support/tokens.ts';
import { next, Source, tick, touches } from '../graphql/mini-schema.ts';
import { startMiniServer } from './mini-server.ts';

const bearer = { authorization: `Bearer ${await staffToken()}` };
const resultTypes = ['application/json', 'application/graphql-response+json'];
const eventStream = 'text/event-stream';
const mutation = 'mutation { touch(what: "it") }';

interface Range {
  readonly type: string;
  readonly quality: string | undefined;
}

const range: fc.Arbitrary<Range> = fc.record({
  type: fc.constantFrom(
    ...[...resultTypes, eventStream, 'text/html', 'multipart/mixed', 'image/png', 'application/*', 'text/*', '*/*'],
  ),
  quality: fc.constantFrom(undefined, '1', '1.000', '0.5', '.2', '0.001', '0', '0.000'),
});
const malformed = fc.constantFrom(
  '',
  'json',
  '/',
  'a/b/c',
  '*/json',
  ';q=1',
  '*/*;q=2',
  'application/json;q=high',
  '"',
);
const accept = fc
  .array(fc.oneof({ weight: 4, arbitrary: range }, malformed), { minLength: 1, maxLength: 12 })
  .filter(parts => parts.some(part => part !== ''));

function headerOf(parts: readonly (Range | string)[]): string {
  return parts
    .map(part => {
      if (typeof part === 'string') return part;
      return part.quality === undefined ? part.type : `${part.type.toUpperCase()} ; q=${part.quality}`;
    })
    .join(', ');
}

/** The rule of RFC 9110: the most specific range decides, and 0 excludes. */
function takes(parts: readonly (Range | string)[], type: string): boolean {
  const named = (name: string) => parts.find((part): part is Range => typeof part !== 'string' && part.type === name);
  const decides = named(type) ?? named(`${type.split('/')[0]}/*`) ?? named('*/*');
  return decides !== undefined && Number(decides.quality ?? '1') > 0;
}

async function send(url: string, method: string, query: string, header: string) {
  touches.length = 0;
  const source = (next.source = new Source());
  source.give(tick(5));
  const leave = new AbortController();
  const headers = { ...bearer, accept: header };
  const answer = await (method === 'GET'
    ? fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers, signal: leave.signal })
    : fetch(`${url}/graphql`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
        signal: leave.signal,
      }));
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('\ndata: ')) break;
  }
  leave.abort();
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  return { status: answer.status, type, text, ran: touches.length, asked: source.asked };
}

describe('the Accept header', () => {
  test('each operation is answered in a type that the client accepts, or rejected with a code before it is executed', async () => {
    const { url } = await startMiniServer();
    await fc.assert(
      fc.asyncProperty(accept, async parts => {
        const header = headerOf(parts);
        const json = resultTypes.filter(type => takes(parts, type));
        const stream = takes(parts, eventStream);
        const result = json.length > 0 ? json : stream ? [eventStream] : [];

        for (const [method, query, types, status] of [
          ['POST', '{ who }', result, 200],
          ['GET', '{ who }', result, 200],
          ['POST', mutation, result, 200],
          ['GET', mutation, result, 405],
          ['POST', '{ unknown }', result, undefined],
          ['POST', 'subscription { ticks }', stream ? [eventStream] : [], 200],
          ['GET', 'subscription { ticks }', stream ? [eventStream] : [], 200],
        ] as const) {
          const answer = await send(url, method, query, header);
          const what = `${method} ${query} Accept: ${header} → ${JSON.stringify(answer)}`;
          if (types.length === 0) {
            expect(answer, what).toMatchObject({ status: 406, ran: 0, asked: 0 });
            expect(resultTypes, what).toContain(answer.type);
            expect(JSON.parse(answer.text), what).toMatchObject({
              errors: [{ message: expect.stringContaining('Accept'), extensions: { code: 'NOT_ACCEPTABLE' } }],
            });
            continue;
          }
          expect(types, what).toContain(answer.type);
          if (status !== undefined) expect(answer.status, what).toBe(status);
          expect(answer.text, what).toMatch(/"data":|"code":"[A-Z_]+"/);
          expect(answer.ran, what).toBe(query === mutation && method === 'POST' ? 1 : 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['application/graphql-response+json,application/json;q=0.9', 'application/graphql-response+json'],
    ['application/graphql-response+json;q=0.1, application/json', 'application/json'],
    ['application/json;q=0, */*', 'application/graphql-response+json'],
    ['application/json, application/graphql-response+json', 'application/json'],
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', 'application/json'],
    ['application/json;charset=latin1, application/graphql-response+json;charset="UTF-8"', resultTypes[1]],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['', 'application/json'],
  ])('%j is answered as %s', async (header, type) => {
    const { url } = await startMiniServer();
    expect(await send(url, 'POST', '{ who }', header)).toMatchObject({ status: 200, type });
  });

  test.each([
    'text/html',
    'multipart/mixed',
    'application/json;q=0',
    '*/*;q=0',
    'application/json;charset=latin1',
    'x',
  ])('a mutation is not executed if no type of %j can answer it', async header => {
    const { url } = await startMiniServer();
    const answer = await send(url, 'POST', mutation, header);
    expect(answer).toMatchObject({ status: 406, ran: 0 });
    expect(JSON.parse(answer.text)).toMatchObject({ errors: [{ extensions: { code: 'NOT_ACCEPTABLE' } }] });
  });

  test("a subscription over stock Apollo's HttpLink is rejected with a code that names the transports for it", async () => {
    const { url } = await startMiniServer();
    const client = new ApolloClient({
      link: new HttpLink({ uri: `${url}/graphql`, headers: bearer }),
      cache: new InMemoryCache(),
    });
    const source = (next.source = new Source());
    const error = await new Promise<unknown>(resolve => {
      client
        .subscribe({ query: gql('subscription { ticks }') })
        .subscribe({ next: result => resolve(result.error), error: resolve });
    });
    client.stop();
    expect(CombinedGraphQLErrors.is(error)).toBe(true);
    const [refusal] = (error as CombinedGraphQLErrors).errors;
    expect(refusal).toMatchObject({ extensions: { code: 'NOT_ACCEPTABLE' } });
    expect(refusal?.message).toMatch(/text\/event-stream.*WebSocket/);
    expect(source.asked).toBe(0);
  });
});

describe('a request body that cannot be read', () => {
  test.each([
    [{ 'content-type': 'text/plain' }, 'Content-Type'],
    [{ 'content-type': 'application/json; charset=utf-16' }, 'UTF-8'],
    [{ 'content-type': 'application/json; charset=iso-8859-1' }, 'UTF-8'],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, 'Content-Encoding'],
  ])('%j is rejected with a code, and nothing is executed', async (headers, word) => {
    const { url } = await startMiniServer();
    touches.length = 0;
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...bearer, ...headers },
      body: new TextEncoder().encode(JSON.stringify({ query: mutation })),
    });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({
      errors: [{ message: expect.stringContaining(word) as string, extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(touches).toEqual([]);
  });

  test('names of the charset UTF-8 are accepted in any spelling', async () => {
    const { url } = await startMiniServer();
    for (const type of ['application/json;charset=utf-8', 'Application/JSON; charset="UTF-8"']) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': type },
        body: JSON.stringify({ query: '{ who }' }),
      });
      expect(await answer.json()).toEqual({ data: { who: 'anna' } });
    }
  });
});
