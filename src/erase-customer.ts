import type { Database } from './database.ts';
import type { CommandCall, HandleCommand } from './commands/handle-command.ts';
import { customerDecider } from './customer/decider.ts';
import { emptyKey, type StreamAbout, streamsAbout } from './event-store/erasure.ts';
import type { Position } from './event-store/position.ts';
import { hashOfCommand } from './graphql/command-hash.ts';
import { uuidV5 } from './ids.ts';
import { orderDecider } from './order/decider.ts';

/** Under which erasures get their command ids, so that one that was killed half-way goes on. Permanent. */
const erasureNamespace = '0e9b3a52-8f4c-4f0e-9a55-6f2f5f6f8c31';

export interface Erasure {
  readonly orders: number;
  readonly streamIds: readonly string[];
  /** Of the last event that says so: views that have come this far show nothing of the person. */
  readonly position: Position;
}

/**
 * Makes a person unreadable: empties their key, then says so in every stream that has sealed data of theirs. In this
 * order: an event that was read before with its key has its place before these, so whatever a projector still makes of
 * it, they undo. Done twice, or again after it was killed, it comes to the same.
 * @param database as its owner: whoever serves may not change a key
 * @returns undefined where nothing of such a customer was ever stored
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
    const answer = await eraseStream(handle, stream, now);
    if (answer.type !== 'accepted') throw new Error(`the erasure of ${stream.streamId} was answered ${answer.type}`);
    const orders = (erasure?.orders ?? 0) + Number(stream.streamType === orderDecider.streamType);
    const streamIds = [...(erasure?.streamIds ?? []), stream.streamId];
    erasure = { orders, streamIds, position: later(answer.position, erasure?.position) };
  }
  return erasure;
}

/** Says in one stream that it has nothing personal any more that could be read. */
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
      throw new Error(`streams of ${streamType} hold personal data, and nothing says how they forget it`);
  }
}

function later(one: Position, other: Position | undefined): Position {
  return other && other.point > one.point ? other : one;
}
