import { OperationError } from './operation-error.ts';
import type { Pauses } from './pauses.ts';
import { type Answer, codeOf, type OperationSession } from './operation-session.ts';

/** Maximum time for one response, ms. A dead connection is noticed by it; the server itself answers within 10 s. */
const responseMs = 12_000;
/** Maximum time for an operation with all its retries, ms. `entity-versions.ts` relies on it. */
const operationMs = 45_000;

export interface Attempt {
  /** Sends the request. @returns its response; rejects if the signal is aborted */
  readonly send: (body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;
  readonly pauses: Pauses;
  readonly operationName?: string | null | undefined;
}

/**
 * Sends a query or commands over HTTP until there is a final answer.
 * @param signal ends it
 * @throws OperationError if no server answered, or the signal was aborted (`SIGNED_OUT`)
 */
export async function ask(session: OperationSession, attempt: Attempt, signal: AbortSignal): Promise<Answer> {
  const { send, pauses, operationName } = attempt;
  const endMs = Date.now() + operationMs;
  for (;;) {
    const position = session.send();
    // A hash is sent instead of the text.
    const { query, ...request } = session.request;
    const body = JSON.stringify({
      ...(query && { query }),
      ...request,
      ...(operationName != null && { operationName }),
    });
    const outcome = await answerOf(
      timeout => send(body, position === undefined ? {} : { 'orderstream-position': position }, timeout),
      signal,
    );
    if (signal.aborted) throw signedOut();
    const verdict = 'answer' in outcome ? session.take(outcome.answer) : session.fail(outcome.status);
    if (typeof verdict === 'object') return verdict;
    if (verdict === undefined || Date.now() + verdict > endMs) throw failure(outcome);
    await pauses.wait(verdict, signal);
  }
}

type Outcome = { readonly answer: Answer } | { readonly status?: number; readonly error: unknown };

async function answerOf(send: (signal: AbortSignal) => Promise<Response>, signal: AbortSignal): Promise<Outcome> {
  const timeout = new AbortController();
  const end = () => {
    timeout.abort();
  };
  const timer = setTimeout(end, responseMs);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  let status: number | undefined;
  try {
    const response = await send(timeout.signal);
    ({ status } = response);
    const answer = (await response.json()) as Answer;
    if (typeof answer !== 'object' || (answer.data === undefined && answer.errors === undefined)) {
      throw new Error(`The response ${status} is not one of GraphQL.`);
    }
    return { answer };
  } catch (error) {
    if (error instanceof OperationError) throw error;
    return { ...(status !== undefined && status !== 200 && { status }), error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function failure(outcome: Outcome): OperationError {
  if ('answer' in outcome) {
    const [error] = outcome.answer.errors ?? [];
    return new OperationError(codeOf(error) ?? 'INTERNAL', error?.message ?? 'No answer.');
  }
  const { status, error } = outcome;
  const reason = status === undefined ? (error as Error).message : `HTTP ${status}`;
  return new OperationError('NETWORK', `The server did not answer: ${reason}`);
}

export function signedOut(): OperationError {
  return new OperationError('SIGNED_OUT', 'The viewer signed out before the answer came.');
}
