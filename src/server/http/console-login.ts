import type { Config } from '../../config.ts';
import { discoverIssuer, losesEncryption } from '../authentication/discover-issuer.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** What the page needs to sign a person in at the issuer. */
export interface LoginFacts {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly scope: string;
  /** Sent as `audience`, if there is exactly one: some issuers give a token for an API only if it is named. */
  readonly audience: string | undefined;
}

/**
 * Finds out where one signs in.
 * @returns undefined while the issuer does not answer: the page then asks for a token
 */
export type ConsoleLogin = () => Promise<LoginFacts | undefined>;

/** A page that is loaded within this time after a failure does not ask the issuer again. */
const retryPauseMs = 5_000;

/** Reads the issuer's discovery document for the first page that is loaded, and keeps it. */
export function openConsoleLogin(
  { auth: { issuer, audiences, claims }, consoleLogin }: Pick<Config, 'auth' | 'consoleLogin'>,
  logger: Logger,
): ConsoleLogin | undefined {
  if (consoleLogin === undefined || issuer === undefined) return undefined;
  const { clientId, scope } = consoleLogin;
  // Another claim than `aud` names something else than an API, e.g. the ids of front ends.
  const audience = audiences.length === 1 && claims.audience === 'aud' ? audiences[0] : undefined;
  let facts: Promise<LoginFacts | undefined> | undefined;

  async function discover(known: string): Promise<LoginFacts | undefined> {
    try {
      const { authorizationEndpoint, tokenEndpoint } = await discoverIssuer(known);
      if (authorizationEndpoint === undefined || tokenEndpoint === undefined) {
        throw new Error('its discovery document names no authorization_endpoint or no token_endpoint');
      }
      // The page sends it a code and a refresh token.
      if (losesEncryption(known, tokenEndpoint)) {
        throw new Error(`its token_endpoint is not https: ${tokenEndpoint}`);
      }
      return { issuer: known, authorizationEndpoint, tokenEndpoint, clientId, scope, audience };
    } catch (error) {
      logger.warn({ err: error, issuer: known }, 'the console cannot offer the login of the issuer');
      // Unreferenced: a process that stops does not wait for it.
      setTimeout(() => (facts = undefined), retryPauseMs).unref();
      return undefined;
    }
  }

  return () => (facts ??= discover(issuer));
}
