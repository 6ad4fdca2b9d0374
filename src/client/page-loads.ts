import type { OrderPage } from './board-rows.ts';
import { isPassing, onAbort, waitMs } from './live-failures.ts';
import { OperationError, operationErrorOf } from './operation-error.ts';

/** The pages that a board loads while it is live: at most one for each column at a time. */
export interface PageLoads {
  readonly isLoading: (column: number) => boolean;
  /** No page that is being loaded is older than this position. Undefined: none is being loaded. */
  readonly floor: string | undefined;
  /** Why a page could not be loaded. If that can pass, it is asked again soon. */
  error: OperationError | undefined;
  /**
   * Does nothing while a page of this column is being loaded, or could not be loaded.
   * @param floor position that the page must reflect: changes up to there are not remembered
   */
  load(column: number, floor: string, ask: () => Promise<OrderPage>): void;
  /** Lets pages be loaded that could not be loaded. */
  readonly retry: () => void;
}

/** @param signal ends all loads */
export function createPageLoads(
  signal: AbortSignal,
  onPage: (column: number, page: OrderPage) => void,
  onChange: () => void,
): PageLoads {
  const floors = new Map<number, string>();
  const failed = new Set<number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  onAbort(signal, () => clearTimeout(timer));

  async function attempt(column: number, floor: string, ask: () => Promise<OrderPage>): Promise<void> {
    try {
      const page = await ask();
      if (signal.aborted) return;
      if (page.position < floor) throw new OperationError('VIEW_LAGGING', 'The page is older than the list.');
      onPage(column, page);
      loads.error = undefined;
      failures = 0;
    } catch (cause) {
      if (signal.aborted) return;
      loads.error = operationErrorOf(cause);
      failed.add(column);
      clearTimeout(timer);
      if (isPassing(loads.error)) timer = setTimeout(loads.retry, waitMs(failures++));
    }
    floors.delete(column);
    onChange();
  }

  const loads: PageLoads = {
    error: undefined,
    isLoading: column => floors.has(column),
    get floor() {
      return [...floors.values()].sort()[0];
    },
    load(column, floor, ask) {
      if (floors.has(column) || failed.has(column)) return;
      floors.set(column, floor);
      void attempt(column, floor, ask);
    },
    retry() {
      clearTimeout(timer);
      failed.clear();
      onChange();
    },
  };
  return loads;
}
