import type { Pauses } from './pauses.ts';
import { reconnectWait } from './retry-wait.ts';

/**
 * Failed attempts after which the next socket waits until the server answers a plain request. Browsers delay the sockets
 * to a host to which many have failed (Chromium by up to 5 s after some dozens), and so would notice its return late.
 */
export const mostFailedSockets = 5;
/** Maximum time for one request, ms. */
const requestMs = 4_000;

/**
 * Waits until the server of a socket answers a request over HTTP, with whatever status.
 * @param url of the socket
 * @param isOver ends it
 */
export async function awaitServer(url: string, pauses: Pauses, isOver: () => boolean): Promise<void> {
  for (let attempt = 0; !isOver(); attempt++) {
    try {
      // Its answer is not read, so the server need not allow the page's origin.
      await fetch(url.replace(/^ws/, 'http'), {
        mode: 'no-cors',
        cache: 'no-store',
        credentials: 'omit',
        signal: AbortSignal.timeout(requestMs),
      });
      return;
    } catch {
      await pauses.wait(reconnectWait(attempt));
    }
  }
}
