import { post } from '../support/post.ts';
import { queries } from './documents.ts';
import { variablesOf } from './carry.ts';
import type { Shown, Watched } from './history.ts';

interface Page {
  readonly position: string;
  readonly nodes: readonly Shown[];
}

/** Queries the state that a subscriber watches, and its position; a single order is read from the log. */
export async function askQuery(
  url: string,
  token: string,
  watched: Pick<Watched, 'kind' | 'id' | 'statusIn'>,
): Promise<{ readonly position: string; readonly orders: readonly Shown[] }> {
  const document = queries[watched.kind as keyof typeof queries];
  const { data, errors } = await post<{ order?: Shown; orders?: Page; customer?: { orders: Page } }>(
    url,
    document,
    variablesOf(watched),
    { token },
  );
  if (errors || !data) throw new Error(JSON.stringify(errors));
  if (data.order) return { position: '', orders: [data.order] };
  const page = data.orders ?? data.customer?.orders;
  if (!page) throw new Error(`no page: ${JSON.stringify(data)}`);
  return { position: page.position, orders: page.nodes };
}
