import { type DocumentNode, type ExecutionResult, getOperationAST, Kind, visit } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { formatPosition } from '../../event-store/position.ts';
import type { Frame, FrameKind } from '../../live/frame.ts';
import { limitExceeded } from '../../graphql/coded-error.ts';
import { type Context, createContext, type Identity } from '../../graphql/context.ts';
import { executeDocument, type OperationArgs } from './execute.ts';
import { type FrameRetries, openFrameRetries } from './frame-retries.ts';
import { Payload } from './payload.ts';
import { formatError, isTransient, presentError } from './present-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { TraceOrigin } from '../../telemetry/tracing.ts';
import { sharingOf } from '../../graphql/sharing.ts';

/** Characters of what tells groups apart: they are kept as long as anybody listens, and a caller may have many. */
const longestKey = 65_536;

/** Subscriptions that ask the same and may see the same. */
export interface Group {
  /**
   * Gives the member an event as a frame, executed and serialised once for all members. A payload that is there already
   * is given at once, without a promise: of a thousand members that get a frame, one has it made. A frame that can't be
   * made because the database can't be read is made again until it can be, or until no member waits for it; until then
   * the member gets nothing, so that no position is sent before its state.
   * @param began given back to the member
   */
  give(event: Frame, member: Member, began: number): void;
  /** One subscriber fewer. */
  leave(): void;
}

/** A subscription that gets frames. */
export interface Member {
  /** True if it has ended: no frame needs to be made for it any more. */
  readonly isOver: boolean;
  made(payload: Payload, event: Frame, began: number): void;
}

/** Who waits until it is made. */
interface Waiting {
  readonly member: Member;
  readonly event: Frame;
  readonly began: number;
}

/** What was made of one change, or who waits for it. */
type Memo = Partial<Record<FrameKind, Payload | Waiting[] | undefined>>;

/** The memo that was asked for last, of all groups: looked up for each subscriber it would take as long as the rest. */
interface Recent {
  group: Group | undefined;
  row: object | undefined;
  memo: Memo;
}

interface Shared {
  readonly group: Group;
  members: number;
}

/** Which of a node's subscriptions are one. */
export interface SharedExecution {
  /**
   * @returns the group of all subscriptions with that document, those variables but `after`, and that visible scope
   * @throws LIMIT_EXCEEDED
   */
  join(args: OperationArgs): Group;
  /** How many there are, for who wants to know whether it works. */
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
    const left = [...onlyForAfter(document, operationName)];
    const variables = Object.entries(variableValues ?? {})
      .filter(([name]) => !left.includes(name))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    const atLeast = contextValue.atLeast && formatPosition(contextValue.atLeast);
    const key = JSON.stringify([numberOf(document), operationName, scope, atLeast, variables]);
    if (key.length > longestKey) {
      throw limitExceeded(`A subscription's variables have at most ${longestKey} characters.`, longestKey);
    }
    return key;
  }

  function opened(key: string, args: OperationArgs, ofRole: boolean): Shared {
    const ended = args.contextValue.dependencies.counts?.grouped();
    function leave(): void {
      if (--one.members > 0) return;
      shared.delete(key);
      ended?.();
    }
    const identity = scopeIdentity(args.contextValue, ofRole);
    const one: Shared = { members: 0, group: openGroup(args, identity, leave, recent, retries) };
    shared.set(key, one);
    return one;
  }

  return {
    join(asked) {
      const args = { ...asked, variableValues: declared(asked) };
      const { role, subject } = args.contextValue.viewer ?? { role: 'nobody', subject: '' };
      const ofRole = role === 'staff' && sharingOf(args.schema, args.document) === 'role';
      const scope = ofRole ? role : `${role} ${subject}`;
      const key = keyOf(args, scope);
      const found = shared.get(key) ?? opened(key, args, ofRole);
      found.members++;
      return found.group;
    },
    get groups() {
      return shared.size;
    },
  };
}

/** The variables that the operation has: whatever else came with it would be kept as long as the group is. */
function declared({ document, operationName, variableValues }: OperationArgs): Record<string, unknown> {
  const names =
    getOperationAST(document, operationName)?.variableDefinitions?.map(one => one.variable.name.value) ?? [];
  const given = variableValues ?? {};
  return Object.fromEntries(names.flatMap(name => (Object.hasOwn(given, name) ? [[name, given[name]]] : [])));
}

/**
 * Who a group's executions are for: made of the scope, never the first subscriber's own. Among staff of whatever name
 * there is no name: a field that asks for it has been declared wrongly, and fails instead of telling somebody else's.
 */
function scopeIdentity({ viewer }: Context, ofRole: boolean): Identity | undefined {
  if (viewer === undefined) return undefined;
  const { role, subject } = viewer;
  const nameless: Actor = {
    role,
    get subject(): string {
      throw new Error('a field that is shared among a role asked who its viewer is: declare it `sharing: viewer`');
    },
  };
  // Each subscriber's token is looked at before each frame of theirs.
  return { actor: ofRole ? nameless : { role, subject }, expiresAt: Infinity };
}

function openGroup(
  args: OperationArgs,
  identity: Identity | undefined,
  leave: () => void,
  recent: Recent,
  retries: FrameRetries,
): Group {
  const { dependencies: parts, logger, atLeast } = args.contextValue;
  // By the changed row, which is one object for all who are told of the change: forgotten when no member waits for it.
  const memos = new WeakMap<object, Memo>();

  /**
   * Without a promise if no resolver has one: then each of a thousand members is sent it while its own memory is at hand.
   * @returns undefined if it has to be made again
   */
  function make(event: Frame, log: Logger = logger): Payload | undefined | Promise<Payload | undefined> {
    parts.counts?.executed();
    // A context of its own: what one delivery read must not be seen by the next.
    const contextValue = createContext(parts, log, { identity, atLeast });
    const result = executeDocument({ ...args, rootValue: event, contextValue });
    return result instanceof Promise ? result.then(settled => payloadOf(event, settled)) : payloadOf(event, result);
  }

  function tell(members: readonly Waiting[], payload: Payload): void {
    for (const { member, event, began } of members) {
      try {
        member.made(payload, event, began);
      } catch (error) {
        // The other members must not miss a frame because of it.
        logger.error({ err: error }, 'a frame could not be given to one of its subscribers');
      }
    }
  }

  /** @param members more may be added while it is made; all of them have an event of the same row and kind */
  async function makeFor(members: Waiting[], first: Promise<Payload | undefined>, memo: Memo, event: Frame) {
    let payload: Payload | undefined;
    try {
      payload = (await first) ?? (await makeAgain(members, event));
    } catch (error) {
      payload = failed(error, logger);
    }
    memo[event.kind] = payload;
    if (payload) tell(members, payload);
  }

  /** @returns undefined if no member waits for it any more */
  async function makeAgain(members: readonly Waiting[], event: Frame): Promise<Payload | undefined> {
    // The first failure was logged as a warning: while the database is away, the same would be logged all the time.
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
    // All who are told of a change ask for it one after the other.
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
    give(event, member, began) {
      const memo = memoOf(event.row);
      const found = memo[event.kind];
      if (found && !(found instanceof Payload)) {
        found.push({ member, event, began });
        return;
      }
      const made = found ?? make(event);
      if (made instanceof Payload) {
        memo[event.kind] = made;
        member.made(made, event, began);
        return;
      }
      const members = (memo[event.kind] = [{ member, event, began }]);
      void makeFor(members, Promise.resolve(made), memo, event);
    },
  };
  return group;
}

/** @returns undefined if an error in it will pass: then it has to be made again, and neither it nor its position is sent */
function payloadOf(event: Frame, { errors, ...result }: ExecutionResult): Payload | undefined {
  if (errors?.some(isTransient)) return undefined;
  const position = formatPosition(event.position);
  const answer = { ...(errors && { errors: errors.map(formatError) }), ...result };
  const correlationId = originOf(event)?.correlationId;
  const extensions = { position, kind: event.kind, ...(correlationId && { correlationId }) };
  const json = JSON.stringify({ ...answer, extensions });
  return new Payload(json, errors ? undefined : position);
}

/** The frame that is sent if execution itself fails: a fault in this program, which would fail again. */
function failed(error: unknown, logger: Logger): Payload {
  return new Payload(JSON.stringify({ errors: [formatError(presentError(error, logger))] }), undefined);
}

/** The request that a frame is news of, where it is of one. */
export function originOf({ kind, row }: Frame): TraceOrigin | undefined {
  const origin = row as Partial<TraceOrigin> | undefined;
  return kind === 'UPDATE' && origin?.correlationId ? (origin as TraceOrigin) : undefined;
}

const afterOnly = new WeakMap<DocumentNode, ReadonlyMap<string, ReadonlySet<string>>>();

/** Variables that say nothing but where a subscription goes on from: the root field's `after`, and used nowhere else. */
function onlyForAfter(document: DocumentNode, operationName: string | null | undefined): ReadonlySet<string> {
  const name = operationName ?? '';
  const known = afterOnly.get(document) ?? new Map<string, ReadonlySet<string>>();
  const found = known.get(name) ?? findOnlyForAfter(document, operationName);
  afterOnly.set(document, new Map(known).set(name, found));
  return found;
}

function findOnlyForAfter(document: DocumentNode, operationName: string | null | undefined): ReadonlySet<string> {
  const root = getOperationAST(document, operationName)?.selectionSet.selections[0];
  if (root?.kind !== Kind.FIELD) return new Set();
  const value = root.arguments?.find(argument => argument.name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return new Set();
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: node => {
      if (node.name.value === value.name.value) uses++;
    },
  });
  return uses === 1 ? new Set([value.name.value]) : new Set();
}
