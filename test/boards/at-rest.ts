import { asked } from './commands.ts';
import type { ShownBoard, ShownColumn } from './observed.ts';

interface Answer {
  readonly orders: {
    readonly nodes: readonly { readonly id: string; readonly version: number; readonly status: string }[];
    readonly totalCount: number;
  };
}

const document = `query ($first: Int, $filter: OrderFilter) {
  orders(first: $first, filter: $filter) { nodes { id version status } totalCount } }`;
const mostOfAPage = 100;
/** A live list shows fewer rows only if there are no more. */
const pageSize = 20;

/**
 * Compares all that a board shows with new queries of the server.
 * @param customerId the viewer, if they are a customer
 * @returns a line for each difference
 */
export async function differences(
  board: ShownBoard,
  url: () => string,
  customerId: string | undefined,
): Promise<string[]> {
  const found: string[] = [];
  if (board.state !== 'live') found.push(`the board is ${board.state}`);
  if (board.columns.length === 0) found.push('the board has no columns');
  if (board.queued) found.push(`${board.queued} commands are queued`);
  let total = 0;
  for (const column of board.columns) {
    const filter = { statusIn: [column.name], ...(customerId !== undefined && { customerId }) };
    const first = Math.min(mostOfAPage, Math.max(column.cards.length, pageSize) + 1);
    const { orders } = await asked<Answer>(url, document, { first, filter });
    total += orders.totalCount;
    found.push(...inColumn(column, orders), ...inCount(board, column.name, orders.totalCount));
  }
  return [...found, ...inCount(board, 'all', total)];
}

function inColumn({ name, cards, hasMore }: ShownColumn, { nodes, totalCount }: Answer['orders']): string[] {
  const found: string[] = [];
  const count = Math.min(cards.length, nodes.length);
  for (let place = 0; place < count; place++) {
    const [card, order] = [cards[place]!, nodes[place]!];
    if (card.id === order.id && card.version === order.version && card.status === order.status) continue;
    found.push(`${name} ${place}: ${card.id} v${card.version} ${card.status}, not ${order.id} v${order.version}`);
  }
  if (cards.length > totalCount) found.push(`${name}: ${cards.length} cards, not ${totalCount}`);
  if (cards.length < Math.min(pageSize, totalCount)) found.push(`${name}: only ${cards.length} of ${totalCount} cards`);
  if (hasMore !== cards.length < totalCount) {
    found.push(`${name}: ${hasMore ? 'more' : 'no more'} than ${cards.length} of ${totalCount} cards`);
  }
  return found;
}

function inCount({ counts }: ShownBoard, name: string, expected: number): string[] {
  return counts[name] === expected ? [] : [`count ${name}: ${counts[name]}, not ${expected}`];
}
