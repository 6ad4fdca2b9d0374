import { type Asker, openAsker } from '../../support/ask.ts';
import { customerToken, operatorToken, staffToken } from '../../support/tokens.ts';
import type { Answer } from '../../support/typed-document.ts';
import type { Kind } from './audiences.ts';

/** AUTH_AUDIENCE of the tested process. */
export const tokenAudience = 'orders';

export const known = ['customer', 'other', 'staff', 'operator'] as const;
export const unknown = ['nobody', 'expired', 'forged', 'wrong audience'] as const;
export type Caller = (typeof known)[number] | (typeof unknown)[number];
export const callers: readonly Caller[] = [...known, ...unknown];

export function isKnown(caller: Caller): boolean {
  return (known as readonly Caller[]).includes(caller);
}

export type Way = 'POST' | 'GET' | 'SSE' | 'WebSocket';
export const ways: { readonly [W in Way]: readonly Kind[] } = {
  POST: ['query', 'mutation'],
  GET: ['query'],
  SSE: ['query', 'mutation', 'subscription'],
  WebSocket: ['query', 'mutation', 'subscription'],
};
export const waysAndCallers = (Object.keys(ways) as Way[]).flatMap(way => callers.map(caller => ({ way, caller })));

export const customerId = 'cus_00000000-0000-4000-8000-00000000000a';
const otherId = 'cus_00000000-0000-4000-8000-00000000000b';

export type Tokens = { readonly [Name in Caller]: string | undefined };

export async function makeTokens(): Promise<Tokens> {
  const audience = tokenAudience;
  return {
    customer: await customerToken(customerId, { audience }),
    other: await customerToken(otherId, { audience }),
    staff: await staffToken({ audience }),
    operator: await operatorToken({ audience }),
    nobody: undefined,
    expired: await staffToken({ audience, expires: Math.floor(Date.now() / 1000) - 60 }),
    forged: await staffToken({ audience, secret: 'another secret, as long as the right one' }),
    'wrong audience': await staffToken({ audience: 'invoices' }),
  };
}

export async function askByGet(url: string, document: string, variables: object, token: string | undefined) {
  const query = new URLSearchParams({ query: document, variables: JSON.stringify(variables) });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/graphql?${query}`, { headers });
  return { status: response.status, answer: (await response.json()) as Answer<Record<string, unknown>> };
}

export async function openWay(url: string, way: Way, token: string | undefined): Promise<Asker> {
  if (way !== 'GET') return openAsker[way === 'POST' ? 'HTTP' : way](url, token);
  const ask = async (document: unknown, variables: object = {}) =>
    (await askByGet(url, String(document), variables, token)).answer;
  return { ask: ask as Asker['ask'], close: () => Promise.resolve() };
}
