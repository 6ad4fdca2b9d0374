import { fileRows } from './file-rows.ts';

/** Where the rows of a file's orders are. One entry an order: it bounds how large a file may be. */
export interface OrderIndex {
  /** The last row of each order, by its reference. */
  readonly lastRows: ReadonlyMap<string, number>;
  /** A row that does not say its order and stands beside a row of this one: it may be of this one. */
  readonly doubtful: ReadonlyMap<string, number>;
}

/**
 * Reads a file once to find where each order ends, so that an order is stored only when all of its rows are there.
 * @throws StartError if the first row does not name every column once
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
