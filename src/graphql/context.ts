import { randomUUID } from 'node:crypto';
import type { Actor } from '../commands/decider.ts';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../logger.ts';
import { unauthenticated } from './coded-error.ts';
import type { Parts } from './parts.ts';
import { Reflected } from './reflected.ts';

/** Who asks, and until when they may (`exp` of the token, seconds since the epoch). */
export interface Identity {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** What resolvers get: one for each operation, and one for each delivery of a subscription. */
export interface Context {
  readonly identity: Identity | undefined;
  readonly viewer: Actor | undefined;
  /** Ties events and log lines to the request that caused them. */
  readonly correlationId: string;
  /** `atLeast` for the whole operation; a field's own argument goes before it. */
  readonly atLeast: Position | undefined;
  /**
   * A subscription's `after`, as its transport says it. It goes before the field's own argument: a client that comes
   * back sends the operation as it was, and beside it how far it has come since.
   */
  readonly after: Position | undefined;
  /** Whatever reads or stores reports its position here; the answer's `extensions.position` comes from it. */
  readonly reflected: Reflected;
  readonly parts: Parts;
  readonly logger: Logger;
  readonly now: () => Date;
}

export interface Caller {
  readonly identity: Identity | undefined;
  readonly correlationId?: string | undefined;
  readonly atLeast?: Position | undefined;
  readonly after?: Position | undefined;
}

export function createContext(parts: Parts, logger: Logger, caller: Caller): Context {
  const correlationId = caller.correlationId ?? randomUUID();
  let child: Logger | undefined;
  return {
    identity: caller.identity,
    viewer: caller.identity?.actor,
    correlationId,
    atLeast: caller.atLeast,
    after: caller.after,
    reflected: new Reflected(),
    parts,
    // Most operations have nothing to log, and making one takes a hundredth of a command's time.
    get logger() {
      return (child ??= logger.child({ correlationId }));
    },
    now: () => new Date(),
  };
}

/** @throws UNAUTHENTICATED where a field's rule let nobody in particular through */
export function viewerOf(context: Context): Actor {
  if (context.viewer === undefined) throw unauthenticated();
  return context.viewer;
}

/** Where a subscription goes on from; undefined: its beginning. @param argument the field's own */
export function startAfter({ after }: Context, argument: Position | null | undefined): Position | undefined {
  return after ?? argument ?? undefined;
}

/** Whether the token that the operation came with has run out since. */
export function isExpired({ identity, now }: Context): boolean {
  return identity !== undefined && now().getTime() >= identity.expiresAt * 1000;
}
