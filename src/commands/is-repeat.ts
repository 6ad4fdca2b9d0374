import type { EventStore } from '../event-store/event-store.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';

/** What a repeat of a command has in common with the first call. */
export interface CommandIdentity {
  readonly streamId: string;
  /** UUID. A second command with the same id is treated as a repeat of the first one. */
  readonly commandId: string;
  /** Hash of the client's request, hex. It distinguishes a repeat from another command with the same id. */
  readonly commandHash: string;
  /**
   * The hash that an earlier release stored for the same request, if it differs. A repeat is also recognised by this
   * hash.
   */
  readonly formerHash?: string | undefined;
}

/**
 * Whether the stored command and the sent one are the same. If the subject's key was deleted, this can't be known,
 * and the result is false: a command that may never have been sent must not be reported as stored. The key is read
 * from the database, because a cached key may belong to another log, and no rejection may depend on it.
 * @param subject whose key the stored hash is keyed with, if the command has personal data
 */
export async function isRepeat(
  store: EventStore,
  { commandHash, formerHash = commandHash }: CommandIdentity,
  stored: StoredCommand,
  subject: string | undefined,
): Promise<boolean> {
  if (stored.commandHash === commandHash || stored.commandHash === formerHash) return true;
  if (subject === undefined) return false;
  for (const hash of new Set([commandHash, formerHash])) {
    if (stored.commandHash === (await store.keyedHash(subject, hash))) return true;
  }
  return false;
}
