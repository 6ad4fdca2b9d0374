import type { LiveBoardState } from '../../../../src/client/live-board.ts';
import type { OrderStatus } from '../../../../src/client/list-documents.ts';
import type { ModelOperations } from './model-operations.ts';
import type { OrderState } from './order-log.ts';

export const columns = { new: ['DRAFT'], open: ['SUBMITTED', 'CONFIRMED'], sent: ['SHIPPED'] } as const;
export const names = ['new', 'open', 'sent'] as const;
export type Name = (typeof names)[number];
type BoardState = LiveBoardState<Record<string, unknown>, Name>;

/** The status that a command of this tab gives an order. */
export interface ExpectedStatus {
  readonly status: OrderStatus;
  /** The state that the command made; undefined until the server has executed it. */
  made?: OrderState;
  /** The board has shown the status. */
  isShown?: boolean;
}

/** Checks what is true of each state that a board shows. */
export class ShownStates {
  /** Orders that have to be shown with the status of a command, up to its version. */
  readonly expected = new Map<string, ExpectedStatus>();
  /** The first thing that was wrong. */
  failure: Error | undefined;
  readonly #versions = new Map<string, number>();
  #logChanges = 0;

  check(state: BoardState, operations: ModelOperations): void {
    const failure = this.#failureOf(state, operations);
    if (failure !== undefined) this.failure ??= new Error(failure);
  }

  #failureOf({ columns: shown, position }: BoardState, { log, logChanges }: ModelOperations): string | undefined {
    // Until RESYNC the board is of another log than answers to commands are.
    const isOther = position?.slice(-12) !== log.positionAt(0).slice(-12);
    if (isOther || logChanges > this.#logChanges) {
      this.#logChanges = logChanges;
      this.expected.clear();
    }
    for (const name of names) {
      const statuses: readonly unknown[] = columns[name];
      const stray = shown[name].rows.find(row => !statuses.includes(row['status']));
      if (stray) return `${String(stray['id'])} is ${String(stray['status'])}, and in the column ${name}`;
    }
    const rows = names.flatMap(name => shown[name].rows);
    const ids = rows.map(row => row['id'] as string);
    if (new Set(ids).size < ids.length) return `An order is shown twice: ${ids.join()}`;
    for (const row of rows) {
      const id = row['id'] as string;
      const version = (row['version'] as number | undefined) ?? 0;
      // Of another log, an order may have a lower version.
      const inLog = `${id} ${String(row['position']).slice(-12)}`;
      if (version < (this.#versions.get(inLog) ?? 0)) return `The version of ${id} falls to ${version}`;
      this.#versions.set(inLog, version);
      const expected = this.expected.get(id);
      if (!expected) continue;
      if (expected.made && version >= expected.made.version) this.expected.delete(id);
      else if (row['status'] === expected.status) expected.isShown = true;
      else if (expected.isShown) return `${id} flickers back to ${String(row['status'])}`;
    }
    return undefined;
  }
}
