import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { codedError, limitExceeded } from '../../graphql/coded-error.ts';
import { costOf } from './cost.ts';
import type { RateLimiter } from './rate.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** Left out if nothing is limited. */
    readonly admission?: Admission;
  }
}

/** What is asked of an operation before anything of it is executed, whichever way it came. */
export interface Admission {
  /**
   * @returns what it costs; undefined where nobody in particular asks, who is told nothing
   * @throws LIMIT_EXCEEDED, RATE_LIMITED
   */
  admit(asked: Asked): number | undefined;
  /**
   * Counts a document that is not known here yet: reading and checking one of 2,000 tokens takes as long as a hundred
   * operations, and those that fail are never executed. What front ends ask is known after its first time.
   * @throws RATE_LIMITED
   */
  admitDocument(asker: Requester, text: string): void;
  /**
   * Counts somebody whose token is none: who guesses has no name to be counted by.
   * @throws RATE_LIMITED
   */
  admitStranger(address: string): void;
}

/** Characters of a document that count as one operation, and what one counts as at most: reading ends at the limits. */
const charactersAnOperation = 40;
const mostOperations = 200;

/** Who asks: somebody, or else only where they are. */
export interface Requester {
  readonly viewer: Actor | undefined;
  readonly address: string;
}

interface Asked {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: { readonly [variable: string]: unknown } | null | undefined;
  readonly contextValue: Requester;
}

export function openAdmission(options: {
  readonly maximumCost: number;
  readonly rate: RateLimiter<Actor['role']>;
  /** Apart, so that no number of addresses crowds out what is counted of those who are known. */
  readonly strangers: RateLimiter<'address'>;
  readonly costed: (cost: number) => void;
  readonly refused: (limit: string) => void;
}): Admission {
  const { maximumCost, rate, strangers, costed, refused } = options;

  function take({ viewer, address }: Requester, operations?: number): void {
    const who = viewer ? 'A caller' : 'An address without a valid token';
    const exceeded = viewer
      ? rate.take(viewer, operations)
      : strangers.take({ role: 'address', subject: address }, operations);
    if (!exceeded) return;
    refused('rate');
    const { perSecond: limit, retryAfterSeconds } = exceeded;
    const message = `${who} may ask ${limit} times a second: ask again in ${retryAfterSeconds} s.`;
    throw codedError('RATE_LIMITED', message, { name: 'rate', limit, retryAfter: retryAfterSeconds });
  }

  return {
    admitStranger(address) {
      take({ viewer: undefined, address });
    },
    admitDocument(asker, text) {
      const operations = Math.min(Math.floor(text.length / charactersAnOperation), mostOperations);
      if (operations > 0) take(asker, operations);
    },
    admit({ schema, document, operationName, variableValues, contextValue }) {
      const { viewer } = contextValue;
      take(contextValue);
      const cost = costOf(schema, document, operationName)(variableValues ?? {});
      costed(cost);
      if (cost > maximumCost) {
        refused('cost');
        const message = `An operation costs at most ${maximumCost}, this one ${cost}: ask for less, or for smaller pages.`;
        throw limitExceeded(message, maximumCost, { name: 'cost', cost });
      }
      return viewer && cost;
    },
  };
}
