import type { ConnectionState } from './connection-state.ts';
import type { EntityVersions } from './entity-versions.ts';
import type { Overlays } from './overlays.ts';
import type { Seen } from './seen.ts';
import type { Store } from './store.ts';

/** What all clients of one browser tab share: the viewer, their token, the connection, and all that was seen. */
export interface Session {
  /** URL of the endpoint. */
  readonly url: string;
  readonly seen: Seen;
  readonly entities: EntityVersions;
  readonly overlays: Overlays;
  /**
   * Aborted as soon as this viewer signs out or another viewer's token is used; then a new signal follows. An operation
   * reads it when it starts.
   */
  readonly viewerSignal: AbortSignal;
  /** `sub` and `role` of the token; undefined before the first token. */
  readonly viewer: string | undefined;
  /** Asks for a token if there is none yet. @returns the viewer */
  identify(): Promise<string>;
  readonly connection: Store<ConnectionState>;
  /** Ends all operations and connections of the viewer and forgets what they saw. */
  logout(): void;
}
