/**
 * - `idle`: no subscription is open
 * - `connecting`: the first connection is being opened
 * - `live`: connected; frames arrive
 * - `reconnecting`: the connection was lost, and a new one is being opened
 * - `offline`: the browser has no network
 */
export type ConnectionStatus = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** The time at which the status became this one, ms since 1970. */
  readonly sinceMs: number;
}
