import { formatAmount } from '../money.ts';
import { builder } from './builder.ts';
import { limitExceeded } from './coded-error.ts';
import { errorCodes } from './error-codes.ts';

/** An amount in the currency's smallest unit. */
export interface MoneyAmount {
  readonly minorUnits: number | bigint;
  readonly currency: string;
}

export const Money = builder.objectRef<MoneyAmount>('Money').implement({
  description: 'An amount of money in one currency.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    amount: t.field({
      type: 'Decimal',
      description: "The amount in the currency's main unit, with all decimals.",
      resolve: money => formatAmount(money.minorUnits, money.currency),
    }),
    minorUnits: t.field({
      type: 'SafeInt',
      description:
        "The same amount in the currency's smallest unit (cents for EUR). A sum may exceed 2^53 - 1. Then this field fails with LIMIT_EXCEEDED, and `amount` is still exact.",
      resolve: ({ minorUnits }) => {
        if (minorUnits <= Number.MAX_SAFE_INTEGER) return minorUnits;
        throw limitExceeded(
          'This is more than 2^53 - 1 of the smallest unit: select `amount` instead.',
          Number.MAX_SAFE_INTEGER,
        );
      },
    }),
    currency: t.expose('currency', { type: 'CurrencyCode', description: 'The currency of the amount.' }),
  }),
});

export const SortDirection = builder.enumType('SortDirection', {
  description: 'The order of a sorted list.',
  values: {
    ASC: { description: 'Smallest or oldest first.' },
    DESC: { description: 'Greatest or newest first.' },
  },
});

builder.enumType('ErrorCode', {
  description:
    'Every error outside a result union has one of these codes as `extensions.code`. New codes may be added: treat an unknown code as INTERNAL.',
  values: Object.fromEntries(Object.entries(errorCodes).map(([code, description]) => [code, { description }])),
});

export const LiveKind = builder.enumType('LiveKind', {
  description: 'The kind of a frame. It says what a client does with it.',
  values: {
    SNAPSHOT: {
      description:
        'The frame carries the state at the start. The frames of `projectionsUpdated` always have this kind, in `extensions.kind`.',
    },
    UPDATE: { description: 'The frame carries a change.' },
    RESYNC: {
      description:
        "The subscription can't continue from `after`, because the position is of another log. Drop the cached state. For one object: replace it by this state. For a list: query it again with this position as `atLeast`.",
    },
    PROGRESS: { description: 'The frame carries no change. The client has received everything up to this position.' },
  },
});
