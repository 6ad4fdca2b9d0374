import type { GraphQLError } from 'graphql';

/** The names of the limits, as errors have them in `extensions.name`. `other`: limits of single arguments. */
export const limitNames = [
  'rate',
  'cost',
  'sockets',
  'strangers',
  'operations',
  'subscriptions',
  'documents',
  'variables',
  'body',
  'chunks',
  'values',
  'members',
  'tokens',
  'characters',
  'lines',
  'depth',
  'aliases',
  'fields',
  'other',
] as const;

export type LimitName = (typeof limitNames)[number];

/** The limit that an operation was rejected for; undefined if it was not. */
export function exceededLimit({ extensions: { code, name } }: GraphQLError): LimitName | undefined {
  if (code !== 'LIMIT_EXCEEDED' && code !== 'RATE_LIMITED') return undefined;
  return limitNames.find(one => one === name) ?? 'other';
}
