import { keyCommands, type Variables } from './command-keys.ts';
import { mostFailures, mostRetries, reconnectWait, retryWait } from './retry-wait.ts';
import { createSeen, type Seen } from './seen.ts';

/**
 * One operation in the form in which it is sent. Transports that retry by themselves keep a reference to it, so it is
 * updated in place.
 */
export interface Request {
  readonly query: string;
  readonly variables: Variables;
  readonly extensions: Variables;
}

export interface Answer {
  readonly data?: unknown;
  readonly errors?:
    | readonly { readonly message: string; readonly extensions?: Readonly<Variables> | undefined }[]
    | undefined;
  readonly extensions?: Readonly<Variables> | undefined;
}

export interface ClientOptions {
  /** Positions that this client has seen; default: its own. See `createSeen`. */
  readonly seen?: Seen | undefined;
  /**
   * Called if the log was replaced (a restored database): drop your cached data, and query again.
   * @param position current position of the log; undefined if a query noticed it
   */
  readonly onResync?: ((position: string | undefined) => void) | undefined;
}

export interface OperationOptions extends ClientOptions {
  /**
   * Brings the data of an answer to the newest known versions. Undefined if that is impossible: then the operation is
   * sent again. Null if another frame brings the newer state: then this one is left out.
   */
  readonly admit?: ((data: Readonly<Variables>) => Readonly<Variables> | undefined | null) | undefined;
}

/** The error code of the API in an error of an answer. */
export function codeOf(error: NonNullable<Answer['errors']>[number] | undefined): string | undefined {
  const code = error?.extensions?.['code'];
  return typeof code === 'string' ? code : undefined;
}

/** Follows one operation from its first request to its last response. */
export interface OperationSession {
  readonly request: Request;
  /** Whether it may be sent twice. */
  readonly repeatable: boolean;
  /** Call it before each request. @returns the header `Orderstream-Position`, if any */
  send(): string | undefined;
  /** @returns the result to deliver; or nothing if it was delivered before; or the wait in ms before a retry */
  take(answer: Answer): Answer | number | undefined;
  /** No response arrived. @returns the wait in ms before a retry; undefined if a retry cannot help */
  fail(status?: number): number | undefined;
}

/** Codes of transient failures, and codes that mean that nothing was stored. */
const passing = ['VIEW_LAGGING', 'UNAVAILABLE', 'RATE_LIMITED', 'OUTCOME_UNKNOWN'];
const nothingStored = ['UNAVAILABLE', 'RATE_LIMITED'];

export function openOperationSession(
  given: {
    /** Undefined if the client sends a hash instead. */
    readonly query?: string | undefined;
    readonly variables?: object | null | undefined;
    readonly extensions?: object | null | undefined;
  },
  { seen = createSeen(), onResync, admit = data => data }: OperationOptions,
): OperationSession {
  const variables: Variables = { ...given.variables };
  const extensions: Variables = { ...given.extensions };
  const { query = '' } = given;
  // The document behind a hash is unknown here: it may be a command.
  const commands = query === '' ? 'once' : keyCommands(query, variables);
  const repeatable = commands !== 'once';
  const [atLeast] = variablesOf('atLeast');
  // A subscription resumes by `after`. It does not send what this client has seen, so that it can share frames with
  // others.
  const listens = /(?:^|\})\s*subscription\b/.test(query.replace(/#.*/g, ''));
  const [after] = variablesOf('after');
  // The argument of a field takes precedence over extensions.
  let last = (after === undefined ? undefined : variables[after]) ?? extensions['after'];
  let floor: string | undefined;
  let sent: string | undefined;
  let attempts = 0;
  let failures = 0;
  let live = false;
  let stale = false;
  let log = seen.log;

  /** Variables of type Position that are passed to arguments of that name. */
  function variablesOf(argument: string): string[] {
    return [...query.matchAll(new RegExp(`\\b${argument}\\s*:\\s*\\$(\\w+)`, 'g'))]
      .map(([, name = '']) => name)
      .filter(name => new RegExp(`\\$${name}\\s*:\\s*Position\\b`).test(query));
  }

  function raise(holder: Variables, name: string): void {
    const own = holder[name];
    if (sent !== undefined && (typeof own !== 'string' || own < sent)) holder[name] = sent;
  }

  function retry(): number | undefined {
    return attempts < mostRetries ? retryWait(attempts++) : undefined;
  }

  function frame(answer: Answer, position: string, kind: unknown): Answer | number | undefined {
    if (kind === 'RESYNC') {
      // Another subscription may have noticed it before.
      if (log === seen.log) seen.reset(position);
      log = seen.log;
      onResync?.(position);
    } else {
      if (answer.errors?.length) {
        // If it resumed after this frame, the frame's content would be lost; but a frame that always fails must not
        // block later ones.
        const wait = refused(answer);
        if (wait !== undefined || !hasData(answer.data)) return wait ?? answer;
      }
      if (typeof last === 'string' && (position < last || (position === last && kind === 'UPDATE'))) return undefined;
    }
    live = true;
    const data = isObject(answer.data) ? admit(answer.data) : answer.data;
    // Sent again after the last frame, it comes with the newer state.
    if (data === undefined && answer.data !== undefined && kind !== 'RESYNC' && repeatable) {
      const wait = retry();
      if (wait !== undefined) return wait;
    }
    attempts = 0;
    // PROGRESS at the same position does not reset the backoff: otherwise a frame that always fails would be
    // requested faster and faster.
    if (position !== last) failures = 0;
    last = position;
    seen.note(position);
    extensions['after'] = position;
    if (after !== undefined) variables[after] = position;
    if (data === answer.data) return answer;
    return data ? { ...answer, data } : undefined;
  }

  function refused(answer: Answer): number | undefined {
    const coded = answer.errors?.find(({ extensions }) => extensions?.['code'] !== undefined);
    const { code, retryable, retryAfter } = coded?.extensions ?? {};
    if (code === 'STALE_POSITION' && !stale) {
      stale = true;
      floor = undefined;
      if (atLeast !== undefined) variables[atLeast] = undefined;
      delete extensions['atLeast'];
      if (seen.position === sent) {
        seen.reset();
        onResync?.(undefined);
      }
      return commands === 'no' ? 0 : undefined;
    }
    const hinted = typeof retryable === 'boolean' ? retryable : passing.includes(code as string);
    // The token of a working subscription has expired: the next attempt brings a fresh one.
    if (!hinted && !(live && code === 'UNAUTHENTICATED')) return undefined;
    if (!repeatable && !(nothingStored.includes(code as string) && !hasData(answer.data))) return undefined;
    // Not limited by attempts: if a token expires during an outage, attempts must remain for a fresh one.
    const wait = live && hinted ? retryWait(failures++) : retry();
    return wait !== undefined && typeof retryAfter === 'number' ? Math.max(wait, retryAfter * 1000) : wait;
  }

  /** @returns the answer that is delivered; or the wait in ms before a retry */
  function current(answer: Answer, position: string | undefined): Answer | number {
    if (log !== seen.log) return askAgain(answer, position);
    if (position !== undefined) {
      // What this client had seen when it sent the query must be in the answer.
      if (commands === 'no' && floor !== undefined && position < floor) {
        const wait = retry();
        if (wait === undefined) seen.reset(position); // this server never shows it: without that, no query succeeds
        return wait ?? tooOld(position);
      }
      seen.note(position);
    }
    if (!isObject(answer.data)) return answer;
    const data = admit(answer.data);
    if (data == null) return askAgain(answer, position);
    return data === answer.data ? answer : { ...answer, data };
  }

  function askAgain(answer: Answer, position: string | undefined): Answer | number {
    return commands === 'no' ? (retry() ?? tooOld(position)) : withoutState(answer);
  }

  return {
    // A trusted document is identified by its hash: the printed text of it would have another hash.
    request: { query: extensions['persistedQuery'] == null ? query : '', variables, extensions },
    repeatable,
    send() {
      sent = seen.position;
      if (log !== seen.log) floor = undefined;
      log = seen.log;
      floor ??= sent;
      if (atLeast !== undefined) raise(variables, atLeast);
      if (listens) return undefined;
      // For sockets, which have no header.
      raise(extensions, 'atLeast');
      return sent;
    },
    take(answer) {
      const { position, kind } = answer.extensions ?? {};
      if (typeof position === 'string' && kind !== undefined) return frame(answer, position, kind);
      const wait = answer.errors?.length ? refused(answer) : undefined;
      if (wait !== undefined) return wait;
      const isFailure = answer.errors !== undefined && answer.errors.length > 0 && !hasData(answer.data);
      return isFailure ? answer : current(answer, typeof position === 'string' ? position : undefined);
    },
    fail(status) {
      const passes = status === undefined || status >= 500 || status === 429;
      // A subscription that was live is retried without limit.
      if (!repeatable || !passes || (!live && failures >= mostFailures)) return undefined;
      return live && status === undefined ? reconnectWait(failures++) : retryWait(failures++);
    },
  };
}

function tooOld(position: string | undefined): Answer {
  const message = 'The answer is older than what was seen before.';
  return { errors: [{ message, extensions: { code: 'VIEW_LAGGING', position } }] };
}

/** The answer to a command without the state after it, which is known in a newer version: the schema allows null there. */
function withoutState(answer: Answer): Answer {
  if (!isObject(answer.data)) return answer;
  const payloads = Object.entries(answer.data).map(([name, payload]) => [
    name,
    isObject(payload) ? stripped(payload) : payload,
  ]);
  return { ...answer, data: Object.fromEntries(payloads) };
}

function stripped(payload: Readonly<Variables>): Readonly<Variables> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, isObject(value) && 'id' in value ? null : value]),
  );
}

function isObject(value: unknown): value is Readonly<Variables> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasData(data: unknown): boolean {
  return data != null && Object.values(data).some(value => value !== null);
}
