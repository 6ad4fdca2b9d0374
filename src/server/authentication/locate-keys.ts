import type { Config } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import { discoverIssuer } from './discover-issuer.ts';

/**
 * Finds the key set of the issuer if AUTH_ISSUER alone says where the keys are.
 * @returns the settings with the URL of the key set
 * @throws StartError if the issuer does not say where its keys are
 */
export async function locateKeys(auth: Config['auth']): Promise<Config['auth']> {
  const { key } = auth;
  if (key.type !== 'issuer') return auth;
  const url = await jwksUriOf(key.url);
  if (key.url.startsWith('https:') && !url.startsWith('https:')) {
    throw new StartError(`AUTH_ISSUER: its jwks_uri is ${url}: over http an attacker could replace the keys`);
  }
  return { ...auth, key: { type: 'jwks', url } };
}

async function jwksUriOf(issuer: string): Promise<string> {
  try {
    return (await discoverIssuer(issuer)).jwksUri;
  } catch (error) {
    throw new StartError(
      `AUTH_ISSUER: ${(error as Error).message}: set it to the issuer of your tokens (iss), or set AUTH_JWKS_URL to its keys`,
      { cause: error },
    );
  }
}
