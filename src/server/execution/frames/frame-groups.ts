import { type DocumentNode, getOperationAST } from 'graphql';
import { type Actor, hasRight } from '../../../commands/decider.ts';
import { formatPosition } from '../../../event-store/position.ts';
import { limitExceeded } from '../../../graphql/coded-error.ts';
import type { Context, Identity } from '../../../graphql/context.ts';
import { sharingOf } from '../../../graphql/sharing.ts';
import type { OperationArgs } from '../execute.ts';
import { type Group, openGroup, type Recent } from './frame-group.ts';
import { openFrameRetries } from './frame-retries.ts';
import { resumeVariables } from './resume-variables.ts';

/**
 * Length limit for the key of a group. The key stays in memory while the group has members, and a caller may have
 * many groups.
 */
const maxKeyLength = 65_536;

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
      throw limitExceeded(`A subscription's variables have at most ${maxKeyLength} characters.`, maxKeyLength, {
        name: 'variables',
      });
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
      const { viewer } = args.contextValue;
      const sharedByRole =
        viewer !== undefined && hasRight(viewer, 'staff') && sharingOf(args.schema, args.document) === 'role';
      const scope = scopeOf(viewer, sharedByRole);
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

/** The name of a visible scope. Operators have one of their own: they may be shown fields that staff may not. */
function scopeOf(viewer: Actor | undefined, sharedByRole: boolean): string {
  if (viewer === undefined) return 'nobody';
  return sharedByRole ? viewer.role : `${viewer.role} ${viewer.subject}`;
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
 * of all staff, or of all operators, has no subject: a field that reads it is declared with the wrong sharing, and must fail instead of
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
