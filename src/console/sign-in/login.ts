// Signs a person in at the issuer: OpenID Connect, authorization code with PKCE (RFC 7636), as a public client.
import * as oauth from 'oauth4webapi';
import { returnPath } from '../routes.ts';
import { type Login, pendingKey } from './login-facts.ts';

/** The tokens of a person who has signed in. */
export interface LoginTokens {
  readonly token: string;
  /** Gets the next token. Not every issuer gives one. */
  readonly refreshToken: string | undefined;
}

/** What the page has to remember while the browser is at the issuer. It is used once. */
interface Pending {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  /** The page that one comes back to. */
  readonly page: string;
}

/** The session gives up a token that does not come within 4 s, and asks again. */
const renewalMs = 3_500;

/** Leaves the page for the issuer's. */
export async function leaveForLogin({ authorizationEndpoint, clientId, scope, audience }: Login): Promise<void> {
  const here = location.pathname === returnPath ? '/' : location.pathname + location.search;
  const pending: Pending = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    page: here,
  };
  sessionStorage.setItem(pendingKey, JSON.stringify(pending));
  const url = new URL(authorizationEndpoint);
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: location.origin + returnPath,
    scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    ...(audience !== undefined && { audience }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/**
 * Exchanges the code, with which the browser came back, for tokens.
 * @returns the tokens, and the page that one had left
 * @throws Error if the person did not sign in, or the answer is not one to this page's request
 */
export async function returnFromLogin(login: Login): Promise<LoginTokens & { readonly page: string }> {
  const kept = sessionStorage.getItem(pendingKey);
  sessionStorage.removeItem(pendingKey);
  if (kept === null) throw new Error('This tab did not ask for it.');
  const { verifier, state, nonce, page } = JSON.parse(kept) as Pending;
  const { server, client } = partiesOf(login);
  const parameters = oauth.validateAuthResponse(server, client, new URL(location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    location.origin + returnPath,
    verifier,
    transportOf(login),
  );
  const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return { token: answer.access_token, refreshToken: answer.refresh_token, page };
}

/**
 * Gets the next tokens.
 * @returns undefined if the issuer refuses: the person has to sign in again
 * @throws Error if the issuer does not answer
 */
export async function renew(login: Login, refreshToken: string): Promise<LoginTokens | undefined> {
  const { server, client } = partiesOf(login);
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, {
    ...transportOf(login),
    signal: AbortSignal.timeout(renewalMs),
  });
  try {
    const answer = await oauth.processRefreshTokenResponse(server, client, response);
    // An issuer that does not rotate refresh tokens sends none.
    return { token: answer.access_token, refreshToken: answer.refresh_token ?? refreshToken };
  } catch (error) {
    // Any other error, such as too many requests, can pass.
    if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') return undefined;
    throw error;
  }
}

/** One sentence about an error of `returnFromLogin`. */
export function loginProblem(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    return `Your login refused: ${error.error_description ?? error.error}`;
  }
  return `Signing in did not work: ${error instanceof Error ? error.message : String(error)} Try it again.`;
}

function partiesOf({ issuer, authorizationEndpoint, tokenEndpoint, clientId }: Login) {
  const server: oauth.AuthorizationServer = {
    issuer,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
  };
  const client: oauth.Client = { client_id: clientId };
  return { server, client };
}

/** Plain HTTP is for an issuer on this machine: the server refuses any other issuer without TLS. */
function transportOf({ tokenEndpoint }: Login): object {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is marked to keep it from use with other machines
  return tokenEndpoint.startsWith('http:') ? { [oauth.allowInsecureRequests]: true } : {};
}
