import { signedOut } from './ask.ts';
import { fetchToken, type Token, viewerOf } from './token.ts';

/** The token of one viewer, and the signal that ends all that this viewer began. */
export interface Authorization {
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/** Who uses this tab: one viewer after another. */
export interface Viewers {
  readonly signal: AbortSignal;
  /** `role sub` of the token; undefined before the first token. */
  readonly current: string | undefined;
  /**
   * Gets the token. If it is another viewer's, the present viewer ends first.
   * @param refused the token that the server rejected: a fresh one is fetched, once for all that ask together
   * @throws OperationError if the viewer signed out before the token arrived, or after `close()`; what `token` throws
   */
  authorize(refused?: string): Promise<Authorization>;
  /** Ends the present viewer. */
  readonly end: () => void;
  /** Ends the present viewer, and no one follows: the signal stays aborted. */
  readonly close: () => void;
}

/** @param onEnd called when a viewer ends, before their signal is aborted; with whether another one follows */
export function createViewers(token: Token | undefined, onEnd: (isReplaced: boolean) => void): Viewers {
  let current: string | undefined;
  let controller = new AbortController();
  let fresh: { readonly refused: string; readonly token: Promise<string> } | undefined;

  function end(isReplaced = false, isLast = false): void {
    const ended = controller;
    if (ended.signal.aborted) return; // after `close()`
    controller = new AbortController();
    if (isLast) controller.abort();
    current = undefined;
    // Before the signal: its listeners may send something as the next viewer.
    onEnd(isReplaced);
    ended.abort();
  }

  async function tokenAfter(refused: string | undefined): Promise<string | undefined> {
    if (token === undefined) return undefined;
    const held = await fetchToken(token, false);
    if (held !== refused) return held;
    if (fresh?.refused !== refused) {
      const next = { refused, token: fetchToken(token, true) };
      fresh = next;
      const forget = () => {
        if (fresh === next) fresh = undefined;
      };
      // Neither a failure nor the refused token itself is kept: the next request tries again.
      next.token.then(given => {
        if (given === refused) forget();
      }, forget);
    }
    return fresh.token;
  }

  return {
    get signal() {
      return controller.signal;
    },
    get current() {
      return current;
    },
    async authorize(refused) {
      if (controller.signal.aborted) throw signedOut();
      const { signal } = controller;
      const before = current;
      const held = await tokenAfter(refused);
      const named = held === undefined ? '' : viewerOf(held);
      if (signal.aborted && named !== current) throw signedOut();
      if (current !== undefined && named !== current) end(true);
      // What one viewer began is not sent with the token of the next one.
      if (refused !== undefined && before !== undefined && named !== before) throw signedOut();
      current = named;
      return { token: held, signal: controller.signal };
    },
    end: () => {
      end();
    },
    close: () => {
      end(false, true);
    },
  };
}
