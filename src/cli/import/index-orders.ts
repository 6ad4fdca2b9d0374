import { fileRows } from './file-rows.ts';

/** Which rows of a file belong to an order. It has one entry per order, which limits the size of a file. */
export interface OrderIndex {
  /** The last row of each order, by its reference. */
  readonly lastRows: ReadonlyMap<string, number>;
  /**
   * A row without a readable order reference that is next to a row of this order, and so may belong to it. By
   * reference.
   */
  readonly doubtful: ReadonlyMap<string, number>;
}

/**
 * Reads a file once to find the last row of each order, so that an order is stored only when all its rows were read.
 * @throws StartError if the first row does not name every column exactly once
 */
export async function indexOrders(chunks: AsyncIterable<Buffer>): Promise<OrderIndex> {
  const lastRows = new Map<string, number>();
  const doubtful = new Map<string, number>();
  let before: string | undefined;
  let unclear: number | undefined;
  function mayHave(reference: string, row: number): void {
    if (!doubtful.has(reference)) doubtful.set(reference, row);
  }

  for await (const next of fileRows(chunks)) {
    const { row } = next;
    if ('problem' in next) {
      unclear = row;
      if (before !== undefined) mayHave(before, row);
      continue;
    }
    const reference = next.cells.order_reference;
    if (unclear !== undefined) mayHave(reference, unclear);
    unclear = undefined;
    lastRows.set(reference, row);
    before = reference;
  }
  return { lastRows, doubtful };
}
