import { randomUUID } from 'node:crypto';
import type { Actor } from '../commands/decider.ts';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { TraceHeaders } from '../telemetry/tracing.ts';
import { unauthenticated } from './coded-error.ts';
import type { Dependencies } from './dependencies.ts';
import { ResponsePosition } from './response-position.ts';

/** Who asks, and until when they may: `exp` of the token and the tolerance for clocks, seconds since the epoch. */
export interface Identity {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** What resolvers get: one for each operation, and one for each delivery of a subscription. */
export interface Context {
  readonly identity: Identity | undefined;
  readonly viewer: Actor | undefined;
  /** Of somebody who is nobody in particular, as far as a network can tell; else empty. */
  readonly address: string;
  /** Ties events and log lines to the request that caused them. */
  readonly correlationId: string;
  /** The caller's trace, if it sent one and traces are sent from here. */
  readonly trace: TraceHeaders | undefined;
  /** `atLeast` for the whole operation; a field's own argument goes before it. */
  readonly atLeast: Position | undefined;
  /**
   * A subscription's `after`, as its transport says it. It goes before the field's own argument: a client that comes
   * back sends the operation as it was, and beside it how far it has come since.
   */
  readonly after: Position | undefined;
  /** Whatever reads or stores reports its position here; the answer's `extensions.position` comes from it. */
  readonly responsePosition: ResponsePosition;
  readonly dependencies: Dependencies;
  readonly logger: Logger;
  now(): Date;
}

export interface Caller {
  readonly identity: Identity | undefined;
  readonly address?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly trace?: TraceHeaders | undefined;
  readonly atLeast?: Position | undefined;
  readonly after?: Position | undefined;
}

export function createContext(parts: Dependencies, logger: Logger, caller: Caller): Context {
  return new OperationContext(parts, logger, caller);
}

class OperationContext implements Context {
  readonly identity: Identity | undefined;
  readonly viewer: Actor | undefined;
  readonly address: string;
  readonly correlationId: string;
  readonly trace: TraceHeaders | undefined;
  readonly atLeast: Position | undefined;
  readonly after: Position | undefined;
  readonly responsePosition = new ResponsePosition();
  readonly dependencies: Dependencies;
  readonly #logger: Logger;
  #child: Logger | undefined;

  constructor(dependencies: Dependencies, logger: Logger, caller: Caller) {
    this.identity = caller.identity;
    this.viewer = caller.identity?.actor;
    this.address = caller.address ?? '';
    this.correlationId = caller.correlationId ?? randomUUID();
    this.trace = caller.trace;
    this.atLeast = caller.atLeast;
    this.after = caller.after;
    this.dependencies = dependencies;
    this.#logger = logger;
  }

  /** Most operations have nothing to log, and making one takes a hundredth of a command's time. */
  get logger(): Logger {
    return (this.#child ??= this.#logger.child({ correlationId: this.correlationId }));
  }

  now(): Date {
    return new Date();
  }
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
