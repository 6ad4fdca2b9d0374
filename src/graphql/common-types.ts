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
  description: 'An amount in one currency.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    amount: t.field({
      type: 'Decimal',
      description: "The amount in the currency's main unit, with all of its decimals.",
      resolve: money => formatAmount(money.minorUnits, money.currency),
    }),
    minorUnits: t.field({
      type: 'SafeInt',
      description:
        "The same amount in the currency's smallest unit (cents for EUR). A sum of many orders may be beyond 2^53 - 1 of them: that is LIMIT_EXCEEDED here, and exact in `amount`.",
      resolve: ({ minorUnits }) => {
        if (minorUnits <= Number.MAX_SAFE_INTEGER) return minorUnits;
        throw limitExceeded('This is beyond 2^53 - 1 smallest units: ask for `amount`.', Number.MAX_SAFE_INTEGER);
      },
    }),
    currency: t.expose('currency', { type: 'CurrencyCode', description: 'What the amount is in.' }),
  }),
});

export const SortDirection = builder.enumType('SortDirection', {
  description: 'Which end comes first.',
  values: {
    ASC: { description: 'Smallest or oldest first.' },
    DESC: { description: 'Greatest or newest first.' },
  },
});

builder.enumType('ErrorCode', {
  description:
    'Every error outside a result union carries one of these as `extensions.code`. More may come: treat an unknown one as INTERNAL.',
  values: Object.fromEntries(Object.entries(errorCodes).map(([code, description]) => [code, { description }])),
});

export const LiveKind = builder.enumType('LiveKind', {
  description:
    "SNAPSHOT: the state at the start. UPDATE: a change since. RESYNC: the `after` given can't be continued (another log, or too far back): drop what you hold; one order: take this state; a list: query again with `atLeast` this position. PROGRESS: you have everything up to this position.",
  values: {
    SNAPSHOT: { description: 'The state at the start; of what is told whole, each state.' },
    UPDATE: { description: 'A change since.' },
    RESYNC: { description: "The `after` given can't be continued: drop what you hold." },
    PROGRESS: { description: 'You have everything up to this position.' },
  },
});
