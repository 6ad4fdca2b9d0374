import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { codedError, limitExceeded } from '../../graphql/coded-error.ts';
import { costOf } from './cost.ts';
import type { RateLimiter } from './rate.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** Undefined: no limits. */
    readonly admission?: Admission;
  }
}

/** Checks rate and cost of each operation before it is executed, for all transports. */
export interface Admission {
  /**
   * @returns the cost; undefined if the caller is not authenticated, since such a caller gets no extensions
   * @throws LIMIT_EXCEEDED if the cost is too high, RATE_LIMITED
   */
  admit(args: AdmissionArgs): number | undefined;
  /**
   * Counts a document that is not cached. To parse and validate one of 2,000 tokens takes as long as a hundred
   * operations, also if it is invalid and never executed. The documents of front ends are cached after their first
   * use.
   * @throws RATE_LIMITED
   */
  admitDocument(requester: Requester, text: string): void;
  /**
   * Counts a request with an invalid token, by address, since its caller is unknown.
   * @throws RATE_LIMITED
   */
  admitStranger(address: string): void;
}

/**
 * Characters of a document that count as one operation. A document counts as at most maxOperations, because parsing
 * stops at the document limits.
 */
const charactersPerOperation = 40;
const maxOperations = 200;

/** The caller of an operation. If it is not authenticated, only its address is known. */
export interface Requester {
  readonly viewer: Actor | undefined;
  readonly address: string;
}

interface AdmissionArgs {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: { readonly [variable: string]: unknown } | null | undefined;
  readonly contextValue: Requester;
}

export function openAdmission(options: {
  readonly maximumCost: number;
  readonly rate: RateLimiter<Actor['role']>;
  /** A limiter of its own: no number of addresses can evict the counts of authenticated callers. */
  readonly unauthenticatedRate: RateLimiter<'address'>;
  readonly costed: (cost: number) => void;
}): Admission {
  const { maximumCost, rate, unauthenticatedRate, costed } = options;

  function take({ viewer, address }: Requester, operations?: number): void {
    const callerName = viewer ? 'A caller' : 'An address without a valid token';
    const exceeded = viewer
      ? rate.take(viewer, operations)
      : unauthenticatedRate.take({ role: 'address', subject: address }, operations);
    if (!exceeded) return;
    const { perSecond: limit, retryAfterSeconds } = exceeded;
    const message = `${callerName} may send ${limit} operations per second: retry in ${retryAfterSeconds} s.`;
    throw codedError('RATE_LIMITED', message, { name: 'rate', limit, retryAfter: retryAfterSeconds });
  }

  return {
    admitStranger(address) {
      take({ viewer: undefined, address });
    },
    admitDocument(requester, text) {
      const operations = Math.min(Math.floor(text.length / charactersPerOperation), maxOperations);
      if (operations > 0) take(requester, operations);
    },
    admit({ schema, document, operationName, variableValues, contextValue }) {
      const { viewer } = contextValue;
      take(contextValue);
      const cost = costOf(schema, document, operationName)(variableValues ?? {});
      costed(cost);
      if (cost > maximumCost) {
        const message = `An operation costs at most ${maximumCost}, this one costs ${cost}: select less, or request smaller pages.`;
        throw limitExceeded(message, maximumCost, { name: 'cost', cost });
      }
      return viewer && cost;
    },
  };
}
