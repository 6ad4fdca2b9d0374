import type { Database } from './database/database.ts';
import type { CommandCall, HandleCommand } from './commands/handle-command.ts';
import { customerDecider } from './customer/decider.ts';
import { emptyKey, type StreamAbout, streamsAbout } from './event-store/erasure.ts';
import type { Position } from './event-store/position.ts';
import { hashOfCommand } from './graphql/command-hash.ts';
import { uuidV5 } from './ids.ts';
import { orderDecider } from './order/decider.ts';

/** Namespace of the command ids of erasures, so that an interrupted erasure resumes with the same ids. Permanent. */
const erasureNamespace = '0e9b3a52-8f4c-4f0e-9a55-6f2f5f6f8c31';

export interface Erasure {
  readonly orders: number;
  readonly streamIds: readonly string[];
  /** Position of the last event of the erasure: views at this position contain no personal data of the customer. */
  readonly position: Position;
}

/**
 * Makes a customer's personal data unreadable: deletes their encryption key, then appends an event to every stream
 * that has data encrypted with it. The order matters: a projector may have read an event with the key before it was
 * deleted; the appended events come later in the log and remove that data from the views. Idempotent, also after a
 * kill.
 * @param database with the rights of the table owner: the serving role may not change a key
 * @returns undefined if no data of this customer was ever stored
 */
export async function eraseCustomer(
  database: Database,
  handle: HandleCommand,
  customerId: string,
  now: Date,
): Promise<Erasure | undefined> {
  if ((await streamsAbout(database, customerId)).length === 0) return undefined;
  await emptyKey(database, customerId);
  let erasure: Erasure | undefined;
  for (const stream of await streamsAbout(database, customerId)) {
    const outcome = await eraseStream(handle, stream, now);
    if (outcome.type !== 'accepted') throw new Error(`erasing ${stream.streamId} failed: ${outcome.type}`);
    const orders = (erasure?.orders ?? 0) + Number(stream.streamType === orderDecider.streamType);
    const streamIds = [...(erasure?.streamIds ?? []), stream.streamId];
    erasure = { orders, streamIds, position: later(outcome.position, erasure?.position) };
  }
  return erasure;
}

/** Appends the event which records that the personal data of one stream can no longer be read. */
export function eraseStream(handle: HandleCommand, { streamType, streamId }: StreamAbout, now: Date) {
  const call = <Type extends string>(type: Type): CommandCall<{ readonly type: Type }> => {
    const commandId = uuidV5(erasureNamespace, streamId);
    const commandHash = hashOfCommand(type, {});
    const actor = { role: 'staff', subject: 'orderstream' } as const;
    return { streamId, command: { type }, commandId, commandHash, actor, correlationId: commandId, now };
  };
  switch (streamType) {
    case customerDecider.streamType:
      return handle(customerDecider, call('EraseCustomer'));
    case orderDecider.streamType:
      return handle(orderDecider, call('EraseOrder'));
    default:
      throw new Error(`no command erases the personal data in ${streamType} streams`);
  }
}

function later(one: Position, other: Position | undefined): Position {
  return other && other.point > one.point ? other : one;
}
