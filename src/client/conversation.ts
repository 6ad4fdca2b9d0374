import { keyCommands, type Variables } from './command-keys.ts';
import { mostRetries, retryWait } from './retry-wait.ts';
import { createSeen, type Seen } from './seen.ts';

/** One operation as it is sent. Transports that send it again by themselves take it by reference: it is kept up to date. */
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
  /** What this client has seen; its own where left out. See `createSeen`. */
  readonly seen?: Seen | undefined;
  /**
   * The log is another one (a restored database): drop what you hold, and query again.
   * @param position where it stands now; not known where a query found out
   */
  readonly onResync?: ((position: string | undefined) => void) | undefined;
}

/** What becomes of one operation, from its first sending to its last answer. */
export interface Conversation {
  readonly request: Request;
  /** Whether sending it twice does it once. */
  readonly repeatable: boolean;
  /** Call it before each sending. @returns the header `Orderstream-Position`, if any */
  send(): string | undefined;
  /** @returns what to deliver; nothing where it was delivered before; or after how many ms to ask again */
  take(answer: Answer): Answer | number | undefined;
  /** No answer came. @returns after how many ms to ask again; nothing where that is pointless */
  fail(status?: number): number | undefined;
}

/** Codes by which the server says that the same may go well in a moment, and those by which nothing was stored. */
const passing = ['VIEW_LAGGING', 'UNAVAILABLE', 'RATE_LIMITED', 'OUTCOME_UNKNOWN'];
const nothingStored = ['UNAVAILABLE', 'RATE_LIMITED'];

export function converse(
  given: {
    /** Undefined where the client sends a hash in its place. */
    readonly query?: string | undefined;
    readonly variables?: object | null | undefined;
    readonly extensions?: object | null | undefined;
  },
  { seen = createSeen(), onResync }: ClientOptions,
): Conversation {
  const variables: Variables = { ...given.variables };
  const extensions: Variables = { ...given.extensions };
  const { query = '' } = given;
  // Nobody here knows what a hash stands for: it may be a command.
  const commands = query === '' ? 'once' : keyCommands(query, variables);
  const repeatable = commands !== 'once';
  const [atLeast] = variablesOf('atLeast');
  // A subscription goes by `after`; whoever shares its frames is not to be told apart by what they have seen.
  const listens = /(?:^|\})\s*subscription\b/.test(query.replace(/#.*/g, ''));
  const [after] = variablesOf('after');
  // A field's own argument goes before what extensions say.
  let last = (after === undefined ? undefined : variables[after]) ?? extensions['after'];
  let floor: string | undefined;
  let sent: string | undefined;
  let attempts = 0;
  let failures = 0;
  let live = false;
  let stale = false;

  /** Variables of type Position that are given to arguments of that name. */
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
      seen.reset(position);
      onResync?.(position);
    } else {
      if (answer.errors?.length) {
        // Gone on after it, what it should have told would be lost; what will never be told holds up nothing.
        const wait = refused(answer);
        if (wait !== undefined || !hasData(answer.data)) return wait ?? answer;
      }
      if (typeof last === 'string' && (position < last || (position === last && kind === 'UPDATE'))) return undefined;
    }
    live = true;
    attempts = 0;
    // PROGRESS where it was before is no progress: a frame that fails each time would be asked for ever faster.
    if (position !== last) failures = 0;
    last = position;
    seen.note(position);
    extensions['after'] = position;
    if (after !== undefined) variables[after] = position;
    return answer;
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
    // Of a subscription that went well so far its token has run out: the next attempt brings a fresh one.
    if (!hinted && !(live && code === 'UNAUTHENTICATED')) return undefined;
    if (!repeatable && !(nothingStored.includes(code as string) && !hasData(answer.data))) return undefined;
    // Not by attempts: whose token runs out in an outage has them left for a fresh one.
    const wait = live && hinted ? retryWait(failures++) : retry();
    return wait !== undefined && typeof retryAfter === 'number' ? Math.max(wait, retryAfter * 1000) : wait;
  }

  function aged(answer: Answer, position: string): Answer | number {
    if (commands !== 'no' || seen.position === undefined || position >= seen.position) {
      seen.note(position);
      return answer;
    }
    const tooOld = floor !== undefined && position < floor;
    // What others changed meanwhile is worth a second look; what this client had seen when it asked is owed to it.
    const again = tooOld || attempts < 2 ? retry() : undefined;
    if (again !== undefined) return again;
    if (!tooOld) return answer;
    seen.reset(position);
    const message = 'The answer is older than what was seen before.';
    return { errors: [{ message, extensions: { code: 'VIEW_LAGGING', position } }] };
  }

  return {
    // A trusted document goes by its hash: a printer's text of it would have another one.
    request: { query: extensions['persistedQuery'] == null ? query : '', variables, extensions },
    repeatable,
    send() {
      sent = seen.position;
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
      return typeof position === 'string' ? aged(answer, position) : answer;
    },
    fail(status) {
      const passes = status === undefined || status >= 500 || status === 429;
      // A subscription that was live comes back, however long that takes.
      return repeatable && passes && (live || failures < mostRetries) ? retryWait(failures++) : undefined;
    },
  };
}

function hasData(data: unknown): boolean {
  return data != null && Object.values(data).some(value => value !== null);
}
