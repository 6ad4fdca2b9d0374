import type { Amount } from '../parts/format.ts';

/** A line of an order, now or at a past version. */
export interface ComparedLine {
  readonly id: string;
  readonly productName: string;
  readonly quantity: number;
  readonly unitPrice: Amount;
  readonly subtotal: Amount;
}

/**
 * - `added`: it was not there at the past version
 * - `removed`: it is not there now
 * - `changed`: its quantity differs
 */
export type Difference = 'same' | 'added' | 'removed' | 'changed';

export interface DifferingLine {
  readonly line: ComparedLine;
  readonly difference: Difference;
  /** The quantity now, if it differs. */
  readonly quantityNow: number | undefined;
}

/** @returns the lines of the past version, and then those that were added later */
export function compareLines(past: readonly ComparedLine[], now: readonly ComparedLine[]): DifferingLine[] {
  const later = new Map(now.map(line => [line.id, line]));
  const known = new Set(past.map(({ id }) => id));
  return [
    ...past.map((line): DifferingLine => {
      const quantityNow = later.get(line.id)?.quantity;
      if (quantityNow === undefined) return { line, difference: 'removed', quantityNow: 0 };
      return quantityNow === line.quantity
        ? { line, difference: 'same', quantityNow: undefined }
        : { line, difference: 'changed', quantityNow };
    }),
    ...now
      .filter(({ id }) => !known.has(id))
      .map((line): DifferingLine => ({ line, difference: 'added', quantityNow: line.quantity })),
  ];
}
