/**
 * Returns the viewer's token, without `Bearer`. It is called for each request and each connection: keep the token until a
 * fresh one is needed.
 * @param refused true if the last token was rejected or has expired: a fresh one is needed
 * @param signal aborted after 4 s, when the call is given up and soon repeated: pass it on to `fetch`, because a request
 * on a dead connection would never end
 */
export type Token = (refused: boolean, signal: AbortSignal) => string | Promise<string>;

/** Maximum time for one token, ms. */
const tokenMs = 4_000;

/** Calls it. @throws Error if the token does not come in time; what `token` throws */
export async function fetchToken(token: Token, refused: boolean): Promise<string> {
  const patience = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      patience.abort();
      reject(new Error(`The token did not come within ${tokenMs} ms.`));
    }, tokenMs);
  });
  try {
    return await Promise.race([token(refused, patience.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Maximum number of consecutive fresh tokens that are tried. */
export const mostRefusals = 3;

/** Longest delay of a timer, ms: 2^31 - 1. A longer one fires at once. */
const longestTimerMs = 2_147_483_647;

/** The claims that a client needs; undefined if the token is not a JWT. They are not verified: the server does that. */
function claimsOf(token: string): { readonly sub?: string; readonly role?: string; readonly exp?: number } | undefined {
  const [, payload] = token.split('.');
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), char => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as object;
  } catch {
    return undefined;
  }
}

/** The viewer whom a token names. Tokens that are not JWTs name one viewer: then only `logout()` changes viewers. */
export function viewerOf(token: string): string {
  const { role = '', sub = '' } = claimsOf(token) ?? {};
  return `${role} ${sub}`;
}

/** @param viewer as `viewerOf` returns it */
export function namesSubject(viewer: string): boolean {
  return !viewer.endsWith(' ') && viewer !== '';
}

/**
 * The time until a token should be replaced, ms: a fifth of its remaining life before it expires, at least 1 s and at
 * most 30 s before. Undefined if it does not say when it expires, or by this machine's clock has expired already.
 */
export function msUntilRenewal(token: string, now = Date.now()): number | undefined {
  const { exp } = claimsOf(token) ?? {};
  const life = exp === undefined ? 0 : exp * 1000 - now;
  const wait = life - Math.min(30_000, Math.max(1_000, life / 5));
  return wait > 0 && wait <= longestTimerMs ? wait : undefined;
}
