import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Actor } from '../commands/decider.ts';
import { codedError, limitExceeded } from './coded-error.ts';
import { costOf } from './cost.ts';
import type { RateLimiter } from './rate.ts';

/** What is asked of an operation before anything of it is executed, whichever way it came. */
export interface Admission {
  /**
   * @returns what it costs; undefined where nobody in particular asks, who is told nothing
   * @throws LIMIT_EXCEEDED, RATE_LIMITED
   */
  admit(asked: Asked): number | undefined;
}

interface Asked {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: { readonly [variable: string]: unknown } | null | undefined;
  readonly contextValue: { readonly viewer: Actor | undefined };
}

export function openAdmission(options: {
  readonly maximumCost: number;
  readonly rate: RateLimiter;
  readonly costed: (cost: number) => void;
  readonly refused: (limit: string) => void;
}): Admission {
  const { maximumCost, rate, costed, refused } = options;
  return {
    admit({ schema, document, operationName, variableValues, contextValue: { viewer } }) {
      const exceeded = viewer && rate.take(viewer);
      if (exceeded) {
        refused('rate');
        const { perSecond: limit, retryAfterSeconds } = exceeded;
        const message = `A caller may ask ${limit} times a second: ask again in ${retryAfterSeconds} s.`;
        throw codedError('RATE_LIMITED', message, { name: 'rate', limit, retryAfter: retryAfterSeconds });
      }
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
