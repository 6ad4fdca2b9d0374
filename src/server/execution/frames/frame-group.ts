import type { Frame, FrameKind } from '../../../live/frame.ts';
import { createContext, type Identity } from '../../../graphql/context.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { executeDocument, type OperationArgs } from '../execute.ts';
import type { FrameRetries } from './frame-retries.ts';
import { errorPayload, framePayload } from './frame-payload.ts';
import { Payload } from './payload.ts';

/** Subscriptions with the same operation and the same visible data. */
export interface Group {
  /**
   * Delivers an event to the member as a frame, which is executed and serialised once for all members. An existing
   * payload is delivered at once, without a promise. If the frame cannot be made because the database cannot be read,
   * it is retried until it succeeds, or until no member waits for it; until then the member gets nothing, so that no
   * position is sent before its state.
   * @param startMs passed on to the member: when the delivery started, ms since the epoch
   */
  deliver(event: Frame, member: Member, startMs: number): void;
  /** Removes one member. */
  leave(): void;
}

/** A subscription that receives frames. */
export interface Member {
  /** True if it has ended: no frame has to be made for it any more. */
  readonly hasEnded: boolean;
  send(payload: Payload, event: Frame, startMs: number): void;
}

/** A member that waits for a frame which is being made. */
interface WaitingMember {
  readonly member: Member;
  readonly event: Frame;
  readonly startMs: number;
}

/** The payloads of one change by kind, or the members that wait for one. */
type Memo = Partial<Record<FrameKind, Payload | WaitingMember[] | undefined>>;

/**
 * The memo used last, over all groups: a map lookup for each subscriber would take as long as the rest of a delivery.
 */
export interface Recent {
  group: Group | undefined;
  row: object | undefined;
  memo: Memo;
}

/** @param recent one object for all groups of a node; @param leave called when a member leaves */
export function openGroup(
  args: OperationArgs,
  identity: Identity | undefined,
  leave: () => void,
  recent: Recent,
  retries: FrameRetries,
): Group {
  const { dependencies, logger, atLeast } = args.contextValue;
  // By the changed row, which is the same object for all subscribers of the change. An entry is collected when no
  // member uses the row any more.
  const memos = new WeakMap<object, Memo>();

  /**
   * No promise if no resolver returns one: then each of a thousand members is sent the frame while its memory is in
   * the CPU cache.
   * @returns undefined if the frame has to be retried
   */
  function make(event: Frame, log: Logger = logger): Payload | undefined | Promise<Payload | undefined> {
    dependencies.counts?.executed();
    // A new context for each frame: what one delivery has read must not be reused by the next.
    const contextValue = createContext(dependencies, log, { identity, atLeast });
    const result = executeDocument({ ...args, rootValue: event, contextValue });
    return result instanceof Promise
      ? result.then(settled => framePayload(event, settled))
      : framePayload(event, result);
  }

  function sendToAll(members: readonly WaitingMember[], payload: Payload): void {
    for (const { member, event, startMs } of members) {
      try {
        member.send(payload, event, startMs);
      } catch (error) {
        // The other members must still get the frame.
        logger.error({ err: error }, 'delivering a frame to a subscriber failed');
      }
    }
  }

  /** @param members more may be added while the frame is made; the events of all of them have the same row and kind */
  async function makeFor(members: WaitingMember[], first: Promise<Payload | undefined>, memo: Memo, event: Frame) {
    let payload: Payload | undefined;
    try {
      payload = (await first) ?? (await makeAgain(members, event));
    } catch (error) {
      // Execution itself failed: a bug in this program, so a retry would fail, too.
      payload = errorPayload(error, logger);
    }
    memo[event.kind] = payload;
    if (payload) sendToAll(members, payload);
  }

  /** @returns undefined if no member waits for the frame any more */
  async function makeAgain(members: readonly WaitingMember[], event: Frame): Promise<Payload | undefined> {
    // The first failure was logged as a warning. The retries are not, or the log would fill while the database is
    // away.
    const quiet = logger.isLevelEnabled('warn') ? logger.child({}, { level: 'error' }) : logger;
    const isWanted = (): boolean => members.some(({ member }) => !member.hasEnded);
    for (let failures = 1; isWanted(); failures++) {
      const payload = await retries.again(failures, () => (isWanted() ? make(event, quiet) : undefined));
      if (payload) return payload;
    }
    return undefined;
  }

  function memoOf(row: object | undefined): Memo {
    if (row === undefined) return {};
    // All subscribers of a change call this one after another, so the last memo is usually the right one.
    if (recent.group === group && recent.row === row) return recent.memo;
    const memo = memos.get(row) ?? {};
    memos.set(row, memo);
    recent.group = group;
    recent.row = row;
    recent.memo = memo;
    return memo;
  }

  const group: Group = {
    leave,
    deliver(event, member, startMs) {
      const memo = memoOf(event.row);
      const found = memo[event.kind];
      if (found && !(found instanceof Payload)) {
        found.push({ member, event, startMs });
        return;
      }
      const made = found ?? make(event);
      if (made instanceof Payload) {
        memo[event.kind] = made;
        member.send(made, event, startMs);
        return;
      }
      const members = (memo[event.kind] = [{ member, event, startMs }]);
      void makeFor(members, Promise.resolve(made), memo, event);
    },
  };
  return group;
}
