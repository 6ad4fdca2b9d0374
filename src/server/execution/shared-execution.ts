import { type DocumentNode, type ExecutionResult, getOperationAST } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { formatPosition } from '../../event-store/position.ts';
import type { Frame, FrameKind } from '../../live/frame.ts';
import { limitExceeded } from '../../graphql/coded-error.ts';
import { type Context, createContext, type Identity } from '../../graphql/context.ts';
import { executeDocument, type OperationArgs } from './execute.ts';
import { type FrameRetries, openFrameRetries } from './frame-retries.ts';
import { Payload } from './payload.ts';
import { formatError, isTransient, presentError } from './present-error.ts';
import { resumeVariables } from './resume-variables.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { TraceOrigin } from '../../telemetry/tracing.ts';
import { sharingOf } from '../../graphql/sharing.ts';

/**
 * Length limit for the key of a group. The key stays in memory while the group has members, and a caller may have
 * many groups.
 */
const maxKeyLength = 65_536;

/** Subscriptions with the same operation and the same visible data. */
export interface Group {
  /**
   * Delivers an event to the member as a frame, which is executed and serialised once for all members. An existing
   * payload is delivered at once, without a promise. If the frame cannot be made because the database cannot be read,
   * it is retried until it succeeds, or until no member waits for it; until then the member gets nothing, so that no
   * position is sent before its state.
   * @param startMs passed on to the member: when the delivery started, ms since the epoch
   */
  give(event: Frame, member: Member, startMs: number): void;
  /** Removes one member. */
  leave(): void;
}

/** A subscription that receives frames. */
export interface Member {
  /** True if it has ended: no frame has to be made for it any more. */
  readonly isOver: boolean;
  made(payload: Payload, event: Frame, startMs: number): void;
}

/** A member that waits for a frame which is being made. */
interface WaitingMember {
  readonly member: Member;
  readonly event: Frame;
  readonly startMs: number;
}

/** The payloads of one change by kind, or the members that wait for one. */
type Memo = Partial<Record<FrameKind, Payload | WaitingMember[] | undefined>>;

/**
 * The memo used last, over all groups: a map lookup for each subscriber would take as long as the rest of a delivery.
 */
interface Recent {
  group: Group | undefined;
  row: object | undefined;
  memo: Memo;
}

interface Shared {
  readonly group: Group;
  members: number;
}

/** Groups the subscriptions of a node that can share frames. */
export interface SharedExecution {
  /**
   * @returns the group of all subscriptions with the same document, the same visible scope and the same variables
   * (without `after`)
   * @throws LIMIT_EXCEEDED if the variables are too long
   */
  join(args: OperationArgs): Group;
  /** Number of groups, for tests. */
  readonly groups: number;
}

export function openSharedExecution(): SharedExecution {
  const shared = new Map<string, Shared>();
  const recent: Recent = { group: undefined, row: undefined, memo: {} };
  const retries = openFrameRetries();
  const numbers = new WeakMap<DocumentNode, number>();
  let documents = 0;

  function numberOf(document: DocumentNode): number {
    const number = numbers.get(document) ?? ++documents;
    numbers.set(document, number);
    return number;
  }

  function keyOf(args: OperationArgs, scope: string): string {
    const { document, operationName, variableValues, contextValue } = args;
    const ignored = [...resumeVariables(document, operationName)];
    const variables = Object.entries(variableValues ?? {})
      .filter(([name]) => !ignored.includes(name))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    const atLeast = contextValue.atLeast && formatPosition(contextValue.atLeast);
    const key = JSON.stringify([numberOf(document), operationName, scope, atLeast, variables]);
    if (key.length > maxKeyLength) {
      throw limitExceeded(`A subscription's variables have at most ${maxKeyLength} characters.`, maxKeyLength);
    }
    return key;
  }

  function openShared(key: string, args: OperationArgs, sharedByRole: boolean): Shared {
    const ended = args.contextValue.dependencies.counts?.grouped();
    function leave(): void {
      if (--entry.members > 0) return;
      shared.delete(key);
      ended?.();
    }
    const identity = scopeIdentity(args.contextValue, sharedByRole);
    const entry: Shared = { members: 0, group: openGroup(args, identity, leave, recent, retries) };
    shared.set(key, entry);
    return entry;
  }

  return {
    join(requested) {
      const args = { ...requested, variableValues: declaredVariables(requested) };
      const { role, subject } = args.contextValue.viewer ?? { role: 'nobody', subject: '' };
      const sharedByRole = role === 'staff' && sharingOf(args.schema, args.document) === 'role';
      const scope = sharedByRole ? role : `${role} ${subject}`;
      const key = keyOf(args, scope);
      const found = shared.get(key) ?? openShared(key, args, sharedByRole);
      found.members++;
      return found.group;
    },
    get groups() {
      return shared.size;
    },
  };
}

/** Only the declared variables: the group would retain all others in memory. */
function declaredVariables({ document, operationName, variableValues }: OperationArgs): Record<string, unknown> {
  const names =
    getOperationAST(document, operationName)?.variableDefinitions?.map(each => each.variable.name.value) ?? [];
  const values = variableValues ?? {};
  return Object.fromEntries(names.flatMap(name => (Object.hasOwn(values, name) ? [[name, values[name]]] : [])));
}

/**
 * The identity for the executions of a group. It is derived from the scope, never from the first subscriber. A group
 * of all staff has no subject: a field that reads it is declared with the wrong sharing, and must fail instead of
 * showing another member's data.
 */
function scopeIdentity({ viewer }: Context, sharedByRole: boolean): Identity | undefined {
  if (viewer === undefined) return undefined;
  const { role, subject } = viewer;
  const withoutSubject: Actor = {
    role,
    get subject(): string {
      throw new Error('a field with `sharing: role` reads the subject of its viewer: declare it `sharing: viewer`');
    },
  };
  // The token of each subscriber is checked before each of its frames.
  return { actor: sharedByRole ? withoutSubject : { role, subject }, expiresAt: Infinity };
}

function openGroup(
  args: OperationArgs,
  identity: Identity | undefined,
  leave: () => void,
  recent: Recent,
  retries: FrameRetries,
): Group {
  const { dependencies, logger, atLeast } = args.contextValue;
  // By the changed row, which is the same object for all subscribers of the change. An entry is collected when no
  // member uses the row any more.
  const memos = new WeakMap<object, Memo>();

  /**
   * No promise if no resolver returns one: then each of a thousand members is sent the frame while its memory is in
   * the CPU cache.
   * @returns undefined if the frame has to be retried
   */
  function make(event: Frame, log: Logger = logger): Payload | undefined | Promise<Payload | undefined> {
    dependencies.counts?.executed();
    // A new context for each frame: what one delivery has read must not be reused by the next.
    const contextValue = createContext(dependencies, log, { identity, atLeast });
    const result = executeDocument({ ...args, rootValue: event, contextValue });
    return result instanceof Promise ? result.then(settled => payloadOf(event, settled)) : payloadOf(event, result);
  }

  function deliver(members: readonly WaitingMember[], payload: Payload): void {
    for (const { member, event, startMs } of members) {
      try {
        member.made(payload, event, startMs);
      } catch (error) {
        // The other members must still get the frame.
        logger.error({ err: error }, 'delivering a frame to a subscriber failed');
      }
    }
  }

  /** @param members more may be added while the frame is made; the events of all of them have the same row and kind */
  async function makeFor(members: WaitingMember[], first: Promise<Payload | undefined>, memo: Memo, event: Frame) {
    let payload: Payload | undefined;
    try {
      payload = (await first) ?? (await makeAgain(members, event));
    } catch (error) {
      // Execution itself failed: a bug in this program, so a retry would fail, too.
      payload = errorPayload(error, logger);
    }
    memo[event.kind] = payload;
    if (payload) deliver(members, payload);
  }

  /** @returns undefined if no member waits for the frame any more */
  async function makeAgain(members: readonly WaitingMember[], event: Frame): Promise<Payload | undefined> {
    // The first failure was logged as a warning. The retries are not, or the log would fill while the database is
    // away.
    const quiet = logger.isLevelEnabled('warn') ? logger.child({}, { level: 'error' }) : logger;
    const isWanted = (): boolean => members.some(({ member }) => !member.isOver);
    for (let failures = 1; isWanted(); failures++) {
      const payload = await retries.again(failures, () => (isWanted() ? make(event, quiet) : undefined));
      if (payload) return payload;
    }
    return undefined;
  }

  function memoOf(row: object | undefined): Memo {
    if (row === undefined) return {};
    // All subscribers of a change call this one after another, so the last memo is usually the right one.
    if (recent.group === group && recent.row === row) return recent.memo;
    const memo = memos.get(row) ?? {};
    memos.set(row, memo);
    recent.group = group;
    recent.row = row;
    recent.memo = memo;
    return memo;
  }

  const group: Group = {
    leave,
    give(event, member, startMs) {
      const memo = memoOf(event.row);
      const found = memo[event.kind];
      if (found && !(found instanceof Payload)) {
        found.push({ member, event, startMs });
        return;
      }
      const made = found ?? make(event);
      if (made instanceof Payload) {
        memo[event.kind] = made;
        member.made(made, event, startMs);
        return;
      }
      const members = (memo[event.kind] = [{ member, event, startMs }]);
      void makeFor(members, Promise.resolve(made), memo, event);
    },
  };
  return group;
}

/**
 * @returns undefined if the result has a transient error: then the frame is retried, and neither the error nor its
 * position is sent
 */
function payloadOf(event: Frame, { errors, ...result }: ExecutionResult): Payload | undefined {
  if (errors?.some(isTransient)) return undefined;
  const position = formatPosition(event.position);
  const answer = { ...(errors && { errors: errors.map(formatError) }), ...result };
  const correlationId = traceOriginOf(event)?.correlationId;
  const extensions = { position, kind: event.kind, ...(correlationId && { correlationId }) };
  const json = JSON.stringify({ ...answer, extensions });
  return new Payload(json, errors ? undefined : position);
}

/** A frame that contains only the error, which is logged. */
export function errorPayload(error: unknown, logger: Logger): Payload {
  return new Payload(JSON.stringify({ errors: [formatError(presentError(error, logger))] }), undefined);
}

/** The request that caused the change of an UPDATE frame, if it is known. */
export function traceOriginOf({ kind, row }: Frame): TraceOrigin | undefined {
  const origin = row as Partial<TraceOrigin> | undefined;
  return kind === 'UPDATE' && origin?.correlationId ? (origin as TraceOrigin) : undefined;
}
