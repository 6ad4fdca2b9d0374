export interface OrderLine {
  readonly lineId: string;
  readonly productId: string;
  readonly quantity: number;
  /** In the smallest unit of the order's currency. */
  readonly unitPrice: number;
}

/** In the currency's smallest unit; exact up to 2^53 - 1, and at least 2^53 above it. */
export function totalOf(lines: readonly Pick<OrderLine, 'quantity' | 'unitPrice'>[]): number {
  let total = 0;
  for (const { quantity, unitPrice } of lines) total += quantity * unitPrice;
  return total;
}

/** Units over all lines. */
export function itemCountOf(lines: readonly Pick<OrderLine, 'quantity'>[]): number {
  return lines.reduce((count, line) => count + line.quantity, 0);
}
