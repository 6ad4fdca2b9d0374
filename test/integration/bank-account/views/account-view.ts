import type { RecordedEvent } from '../../../../src/event-store/recorded-event.ts';
import type { LiveView } from '../../../../src/projections/read-changes.ts';
import { openReadEntities, type ReadSource } from '../../../../src/projections/read-entities.ts';
import { erased, timeOf, type View } from '../../../../src/projections/view.ts';
import type { Position } from '../../../../src/event-store/position.ts';
import type { AccountEvent } from '../domain/account.ts';

export interface AccountRow {
  readonly accountId: string;
  readonly customerId: string;
  readonly holder: string;
  readonly balance: number;
  readonly updatedAt: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

export const accountView: View<AccountRow> = {
  name: 'account_view',
  streamType: 'account',
  key: 'accountId',
  columns: {
    accountId: 'text',
    customerId: 'text',
    holder: 'text',
    balance: 'bigint',
    updatedAt: 'timestamptz',
    version: 'integer',
    position: 'bigint',
    hash: 'text',
  },
  fold(row, recorded) {
    const { streamId: accountId, version, position, hash } = recorded;
    const before = row ?? { accountId, customerId: '', holder: erased, balance: 0 };
    const changes = changesOf(before, recorded as RecordedEvent & AccountEvent);
    return { ...before, ...changes, updatedAt: timeOf(recorded, row?.updatedAt), version, position, hash };
  },
};

/** Accounts for subscribers: one account. */
export const liveAccounts: LiveView<AccountRow> = { rows: accountView };

function changesOf({ balance }: Pick<AccountRow, 'balance'>, event: RecordedEvent & AccountEvent): Partial<AccountRow> {
  switch (event.type) {
    case 'AccountOpened':
      return { customerId: event.data.customerId, holder: event.personal?.holder ?? erased };
    case 'Deposited':
      return { balance: balance + event.data.amount };
    case 'Withdrawn':
      return { balance: balance - event.data.amount };
    case 'AccountErased':
      return { holder: erased };
  }
}

const readAccountEntities = openReadEntities(accountView);

/** Accounts by id, in their state at the end of the log. */
export async function readAccounts(source: ReadSource, ids: readonly string[], atLeast?: Position) {
  const { position, parked, rows } = await readAccountEntities(source, ids, atLeast);
  return { position, parked, rows: new Map([...rows].map(([id, { row }]) => [id, row])) };
}
