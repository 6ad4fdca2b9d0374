import type { Config } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { discoverIssuer, IssuerAway, losesEncryption } from './discover-issuer.ts';

/**
 * Checks at the start that the issuer says where its keys are, if AUTH_ISSUER alone locates them. An issuer that does
 * not answer is no reason not to start: an outage of it would otherwise stop each process that starts meanwhile.
 * @throws StartError if it answers with anything else than where its keys are
 */
export async function checkIssuer({ key }: Config['auth'], logger: Logger): Promise<void> {
  if (key.type !== 'issuer') return;
  try {
    await jwksUriOf(key.url);
  } catch (error) {
    if (!(error instanceof IssuerAway)) {
      throw new StartError(
        `AUTH_ISSUER: ${(error as Error).message}: set it to the issuer of your tokens (iss), or set AUTH_JWKS_URL to its keys`,
        { cause: error },
      );
    }
    logger.warn({ err: error, issuer: key.url }, 'until the issuer answers, tokens cannot be verified');
  }
}

/**
 * The URL of an issuer's keys, to be called before each request of the keys: the issuer may move them. While its
 * document cannot be read, the URL is the last one.
 */
export function keyLocation(issuer: string): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    try {
      known = await jwksUriOf(issuer);
    } catch (error) {
      if (known === undefined || !(error instanceof IssuerAway)) throw error;
    }
    return known;
  };
}

async function jwksUriOf(issuer: string): Promise<string> {
  const { jwksUri } = await discoverIssuer(issuer);
  if (losesEncryption(issuer, jwksUri)) {
    throw new Error(`its jwks_uri is ${jwksUri}: over http an attacker could replace the keys`);
  }
  return jwksUri;
}
