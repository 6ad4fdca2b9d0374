export interface OrderLine {
  readonly lineId: string;
  readonly productId: string;
  readonly quantity: number;
  /** In the order's currency's smallest unit. */
  readonly unitPrice: number;
}

/** In the currency's smallest unit; exact up to 2^53 - 1, and above it never less than 2^53. */
export function totalOf(lines: readonly Pick<OrderLine, 'quantity' | 'unitPrice'>[]): number {
  let total = 0;
  for (const { quantity, unitPrice } of lines) total += quantity * unitPrice;
  return total;
}

/** Units over all lines. */
export function itemCountOf(lines: readonly Pick<OrderLine, 'quantity'>[]): number {
  return lines.reduce((count, line) => count + line.quantity, 0);
}
