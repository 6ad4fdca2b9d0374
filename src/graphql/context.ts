import { randomUUID } from 'node:crypto';
import type { Actor } from '../commands/decider.ts';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { TraceHeaders } from '../telemetry/tracing.ts';
import { unauthenticated } from './coded-error.ts';
import type { Dependencies } from './dependencies.ts';
import { ResponsePosition } from './response-position.ts';

/**
 * The authenticated caller. `expiresAt` is the token's `exp` plus the tolerance for clock skew, in seconds since the
 * epoch.
 */
export interface Identity {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** The context of the resolvers: one for each operation, and one for each delivery of a subscription. */
export interface Context {
  readonly identity: Identity | undefined;
  readonly viewer: Actor | undefined;
  /** The IP address of a caller without a valid token; otherwise empty. */
  readonly address: string;
  /** Connects events and log lines with the request that caused them. */
  readonly correlationId: string;
  /** The trace of the caller, if it sent one and this server exports traces. */
  readonly trace: TraceHeaders | undefined;
  /** `atLeast` for the whole operation. A field's own argument takes precedence. */
  readonly atLeast: Position | undefined;
  /**
   * The `after` of a subscription, as its transport sends it. It takes precedence over the argument of the field: a
   * client that reconnects sends the same operation again, and the position that it has reached separately.
   */
  readonly after: Position | undefined;
  /** Each read and each command reports its position here. The response's `extensions.position` is computed from it. */
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

export function createContext(dependencies: Dependencies, logger: Logger, caller: Caller): Context {
  return new OperationContext(dependencies, logger, caller);
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

  /**
   * Most operations log nothing, and creating a child logger takes a hundredth of a command's time. So it is created
   * at first use.
   */
  get logger(): Logger {
    return (this.#child ??= this.#logger.child({ correlationId: this.correlationId }));
  }

  now(): Date {
    return new Date();
  }
}

/** @throws UNAUTHENTICATED if there is no viewer, which a field's rule should have prevented */
export function viewerOf(context: Context): Actor {
  if (context.viewer === undefined) throw unauthenticated();
  return context.viewer;
}

/**
 * The position after which a subscription starts; undefined: it starts at the beginning. @param argument the field's
 * own `after`
 */
export function startAfter({ after }: Context, argument: Position | null | undefined): Position | undefined {
  return after ?? argument ?? undefined;
}
