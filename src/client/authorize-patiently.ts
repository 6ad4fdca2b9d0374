import { signedOut } from './ask.ts';
import { OperationError } from './operation-error.ts';
import type { Pauses } from './pauses.ts';
import { mostRetries, retryWait } from './retry-wait.ts';
import type { Authorization, Viewers } from './viewers.ts';

/**
 * Gets the token, and retries while it cannot be fetched.
 * @throws OperationError if the viewer signs out before the token arrives, or there is no token after some attempts
 */
export async function authorizePatiently(viewers: Viewers, pauses: Pauses): Promise<Authorization> {
  const { signal } = viewers;
  for (let attempt = 0; ; attempt++) {
    try {
      return await viewers.authorize();
    } catch (error) {
      if (error instanceof OperationError) throw error;
      if (signal.aborted) throw signedOut();
      if (attempt === mostRetries) throw new OperationError('NETWORK', `There is no token: ${String(error)}`);
      await pauses.wait(retryWait(attempt), signal);
    }
  }
}
