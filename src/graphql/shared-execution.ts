import { type DocumentNode, getOperationAST, Kind, visit } from 'graphql';
import type { Actor } from '../commands/decider.ts';
import { formatPosition } from '../event-store/position.ts';
import type { Frame, FrameKind } from '../live/frame.ts';
import { type Context, createContext, type Identity } from './context.ts';
import { executed, type OperationArgs } from './executed.ts';
import { Payload } from './payload.ts';
import { formatError } from './present-error.ts';
import { sharingOf } from './sharing.ts';

/** Subscriptions that ask the same and may see the same. */
export interface Group {
  /** What a source's event is as a frame: executed and serialised once for all who are told of it. */
  payloadOf(event: Frame): Payload | Promise<Payload>;
  /** One subscriber fewer. */
  leave(): void;
}

type Memo = Partial<Record<FrameKind, Payload | Promise<Payload>>>;

interface Shared {
  readonly group: Group;
  members: number;
}

/** Which of a node's subscriptions are one. */
export interface SharedExecution {
  /** @returns the group of all subscriptions with that document, those variables but `after`, and that visible scope */
  join(args: OperationArgs): Group;
  /** How many there are, for who wants to know whether it works. */
  readonly groups: number;
}

export function openSharedExecution(): SharedExecution {
  const shared = new Map<string, Shared>();
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
    return JSON.stringify([numberOf(document), operationName, scope, atLeast, variables]);
  }

  return {
    join(args) {
      const { role, subject } = args.contextValue.viewer ?? { role: 'nobody', subject: '' };
      const ofRole = role === 'staff' && sharingOf(args.schema, args.document) === 'role';
      const scope = ofRole ? role : `${role} ${subject}`;
      const key = keyOf(args, scope);
      const found = shared.get(key) ?? {
        members: 0,
        group: openGroup(args, scopeIdentity(args.contextValue, ofRole), leave),
      };
      shared.set(key, found);
      found.members++;
      function leave(): void {
        if (--found.members === 0) shared.delete(key);
      }
      return found.group;
    },
    get groups() {
      return shared.size;
    },
  };
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

function openGroup(args: OperationArgs, identity: Identity | undefined, leave: () => void): Group {
  const { parts, logger, atLeast } = args.contextValue;
  // By what changed, which all who are told of one change get as one object: it is forgotten when nobody waits for it.
  const memos = new WeakMap<object, Memo>();

  async function made(event: Frame): Promise<Payload> {
    parts.counts?.executed();
    // A context of its own: what one delivery read must not be seen by the next.
    const contextValue = createContext(parts, logger, { identity, atLeast });
    const { errors, ...result } = await executed({ ...args, rootValue: event, contextValue });
    const position = formatPosition(event.position);
    const answer = { ...(errors && { errors: errors.map(formatError) }), ...result };
    const correlationId = correlationOf(event);
    const extensions = { position, kind: event.kind, ...(correlationId && { correlationId }) };
    const json = JSON.stringify({ ...answer, extensions });
    return new Payload(json, errors ? undefined : position);
  }

  return {
    leave,
    payloadOf(event) {
      if (event.row === undefined) return made(event);
      const memo: Memo = memos.get(event.row) ?? {};
      memos.set(event.row, memo);
      return (memo[event.kind] ??= made(event).then(payload => (memo[event.kind] = payload)));
    },
  };
}

/** Of the request that a frame is news of, where it is of one. */
export function correlationOf({ kind, row }: Frame): string | undefined {
  return kind === 'UPDATE' ? (row as { readonly correlationId?: string } | undefined)?.correlationId : undefined;
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
