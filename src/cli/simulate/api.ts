import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../start-error.ts';

/** Who asks. */
export interface Person {
  readonly name: string;
  /** A customer's. */
  readonly id: string;
  readonly token: () => Promise<string>;
  /** What to do where the server does not take the token. */
  readonly refused: string;
}

/** One request is given up after, ms, and sent again. */
const requestTimeout = 10_000;
/** How long a server that answered once may not answer, ms: as long as a restart takes. */
const patience = 30_000;

/** What passes: the same operation again settles it, a command by its idempotency key. */
const passing: ReadonlySet<string> = new Set(['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'RATE_LIMITED', 'VIEW_LAGGING']);

export interface Api {
  /**
   * The data of an operation, sent again while the server can't be reached or can't tell what became of it.
   * @param variables of a command: with its idempotency key
   * @throws StartError where whoever started this has to do something; the signal's reason where it ended meanwhile
   */
  ask<Data>(person: Person, document: string, variables?: object): Promise<Data>;
  /** How many requests were sent again. */
  readonly repeats: number;
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** What one try came to: data, or why it may be better the next time. */
type Try = { readonly data: unknown } | { readonly trouble: string };

/** @param signal ends what would be sent again; what is on its way is waited for */
export function openApi(url: string, signal: AbortSignal, print: (line: string) => void): Api {
  let answered = false;
  let troubled = false;
  let repeats = 0;

  async function attempt(person: Person, body: string): Promise<Try> {
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
        signal: AbortSignal.timeout(requestTimeout),
      });
      text = await response.text();
    } catch (error) {
      return { trouble: reasonOf(error) };
    }
    const answer = parsed(text);
    if (answer === undefined) {
      // A proxy whose server is away.
      if (response.status >= 502 && response.status <= 504) return { trouble: `HTTP ${response.status}` };
      throw new StartError(`${url} answers, but not GraphQL (HTTP ${response.status}): say where it is with --url`);
    }
    const [error] = answer.errors ?? [];
    if (error === undefined) return { data: answer.data };
    const code = error.extensions?.code ?? '';
    if (passing.has(code)) return { trouble: code };
    if (code === 'UNAUTHENTICATED') throw new StartError(`${url} refuses the token: ${person.refused}`);
    throw new StartError(`${url} answers ${code || 'an error'}: ${error.message}`);
  }

  return {
    get repeats() {
      return repeats;
    },
    async ask<Data>(person: Person, document: string, variables?: object): Promise<Data> {
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
          throw new StartError(`No server at ${url} (${outcome.trouble}): start it (npm start), or say --url`);
        if (performance.now() - start > patience) {
          throw new StartError(
            `${url} does not answer any more (${outcome.trouble}): start the server again, then this`,
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
  return cause?.code ?? (name === 'TimeoutError' ? `nothing within ${requestTimeout} ms` : message);
}

/** Undefined where it is no GraphQL answer. */
function parsed(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Answer | null;
    return answer && ('data' in answer || 'errors' in answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}
