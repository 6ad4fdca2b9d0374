import { unknown } from './world.ts';

/** Texts that are no ids of the kind. */
export function malformedIds(kind: string): string[] {
  const another = kind === 'ord' ? 'prd' : 'ord';
  return ['', kind, `${kind}_1`, unknown(another), unknown(kind).toUpperCase(), `${unknown(kind)} `, `${kind}_\0`];
}
