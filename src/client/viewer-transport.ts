import { signedOut } from './ask.ts';
import { msUntilRenewal } from './token.ts';
import type { OpenTransport, Transport, TransportOptions } from './transport.ts';
import type { Viewers } from './viewers.ts';

/** The transport of the present viewer. It is opened for their first subscription. */
export interface ViewerTransport {
  /** @param signal of the viewer */
  of(signal: AbortSignal): Transport;
  /** Closes the connection and opens another one. */
  renew(): void;
  wake(): void;
  /** Ends the viewer's subscriptions and connections. */
  close(): void;
}

export function createViewerTransport(
  viewers: Viewers,
  open: OpenTransport,
  { hasToken, ...options }: Omit<TransportOptions, 'token'> & { readonly hasToken: boolean },
): ViewerTransport {
  let current: Transport | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;

  /** Replaces the connection before its token expires. */
  function scheduleRenewal(token: string): void {
    clearTimeout(renewal);
    const waitMs = msUntilRenewal(token);
    if (waitMs === undefined) return;
    renewal = setTimeout(() => {
      viewers.authorize(token).then(
        ({ token: next }) => {
          if (next !== token) current?.renew();
        },
        () => undefined, // the server ends the connection when the token expires: then a fresh one is asked for again
      );
    }, waitMs);
  }

  function tokenFor(signal: AbortSignal): (isRefused: boolean) => Promise<string> {
    let last: string | undefined;
    return async isRefused => {
      const { token, signal: now } = await viewers.authorize(isRefused ? last : undefined);
      // The transport of an ended viewer is closed: it must not connect as the next one.
      if (now !== signal || token === undefined) throw signedOut();
      last = token;
      scheduleRenewal(token);
      return token;
    };
  }

  return {
    of(signal) {
      current ??= open({
        ...options,
        onStatus(status) {
          if (!signal.aborted) options.onStatus(status);
        },
        ...(hasToken && { token: tokenFor(signal) }),
      });
      return current;
    },
    renew() {
      current?.renew();
    },
    wake() {
      current?.wake();
    },
    close() {
      clearTimeout(renewal);
      current?.close();
      current = undefined;
    },
  };
}
