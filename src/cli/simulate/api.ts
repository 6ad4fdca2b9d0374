import { setTimeout as sleep } from 'node:timers/promises';
import type { Person, ShopApi } from '../../simulation/people.ts';
import { StartError } from '../../start-error.ts';

/** A person with a token. */
export interface Bearer extends Person {
  readonly token: () => Promise<string>;
  /** What the operator must do if the server rejects the token. */
  readonly tokenHint: string;
}

/** Timeout of one request, ms. It is then repeated. */
const requestTimeoutMs = 10_000;
/** How long a server that has answered before may be unavailable, ms: enough for a restart. */
const outageTimeoutMs = 30_000;

/** Codes of temporary errors: repeating the operation resolves them, and a command has an idempotency key. */
const temporaryCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'RATE_LIMITED', 'VIEW_LAGGING']);

/** `ask` throws a StartError if the operator must do something; the signal's reason if it aborts between two attempts. */
export interface Api extends ShopApi<Bearer> {
  /** Number of repeated requests. */
  readonly repeats: number;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** The result of one attempt: data, or the reason why the next attempt may succeed. */
type Try = { readonly data: unknown } | { readonly trouble: string };

/** @param signal stops repetitions; a request in flight is finished */
export function openApi(url: string, signal: AbortSignal, print: (line: string) => void): Api {
  let answered = false;
  let troubled = false;
  let repeats = 0;

  async function attempt(person: Bearer, body: string): Promise<Try> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/graphql-response+json, application/json',
          Authorization: `Bearer ${await person.token()}`,
        },
        body,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      text = await response.text();
    } catch (error) {
      return { trouble: reasonOf(error) };
    }
    const answer = parsed(text);
    if (answer === undefined) {
      // A proxy whose server is unavailable.
      if (response.status >= 502 && response.status <= 504) return { trouble: `HTTP ${response.status}` };
      throw new StartError(`${url} answers, but not GraphQL (HTTP ${response.status}): give its endpoint with --url`);
    }
    const [error] = answer.errors ?? [];
    if (error === undefined) return { data: answer.data };
    const code = error.extensions?.code ?? '';
    if (temporaryCodes.has(code)) return { trouble: code };
    if (code === 'UNAUTHENTICATED') throw new StartError(`${url} rejects the token: ${person.tokenHint}`);
    throw new StartError(`${url} answers ${code || 'an error'}: ${error.message}`);
  }

  return {
    get repeats() {
      return repeats;
    },
    async ask<Data>(person: Bearer, document: string, variables?: object): Promise<Data> {
      const body = JSON.stringify({ query: document, variables });
      const start = performance.now();
      for (let tries = 1; ; tries++) {
        const outcome = await attempt(person, body);
        if ('data' in outcome) {
          if (troubled) print('the server answers again');
          answered = true;
          troubled = false;
          return outcome.data as Data;
        }
        if (!answered)
          throw new StartError(
            `No server at ${url} (${outcome.trouble}): start it (npm start), or give its URL with --url`,
          );
        if (performance.now() - start > outageTimeoutMs) {
          throw new StartError(
            `${url} does not answer any more (${outcome.trouble}): restart the server, then this command`,
          );
        }
        if (!troubled) print(`the server does not answer (${outcome.trouble}): trying again`);
        troubled = true;
        repeats++;
        await sleep(Math.min(100 * 2 ** tries, 2_000) * (0.5 + Math.random() / 2), undefined, { signal });
      }
    },
  };
}

function reasonOf(error: unknown): string {
  const { cause, name, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? (name === 'TimeoutError' ? `no answer within ${requestTimeoutMs} ms` : message);
}

/** Undefined if it is not a GraphQL response. */
function parsed(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Answer | null;
    return answer && ('data' in answer || 'errors' in answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}
