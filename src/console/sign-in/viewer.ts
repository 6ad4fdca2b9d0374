import { developmentToken } from '@orderstream/client/development';
import { roles } from '../generated/schema-enums.ts';
import { createStore } from '@orderstream/client';
import { returnPath } from '../routes.ts';
import { askRole } from './ask-role.ts';
import { hasPendingLogin, type Login, login, loginHost } from './login-facts.ts';
import type { RoleName } from './role-name.ts';
import { sampleCustomer } from './sample-customer.ts';

/**
 * - `development`: the page signs tokens itself, with the published key
 * - `token`: the person pasted one, or signed in at the issuer
 * - `switching`: the last viewer is signed out, and the next one is about to begin
 * - `returning`: the browser has come back from the issuer's login
 * - `out`: no one is signed in; `problem` says why a token was not accepted
 */
export type SignIn =
  | { readonly kind: 'development' | 'switching'; readonly role: RoleName }
  | ({ readonly kind: 'token' } & HeldToken)
  | { readonly kind: 'returning' }
  | { readonly kind: 'out'; readonly problem: string | undefined };

interface HeldToken {
  readonly token: string;
  readonly role: RoleName;
  /** Gets the next token. A pasted token has none. */
  readonly refreshToken?: string | undefined;
}

export const isDevelopment =
  import.meta.env.DEV ||
  document.querySelector<HTMLMetaElement>('meta[name=orderstream-sign-in]')?.content === 'development';

/** The roles between which one can switch in development. */
export const offeredRoles = (['staff', 'customer', 'operator'] as const).filter(role =>
  (roles as readonly string[]).includes(role.toUpperCase()),
);

// Of this tab: another tab may show another viewer. It is gone when the tab is closed.
const roleKey = 'orderstream role';
const tokenKey = 'orderstream viewer';

export const signIn = createStore<SignIn>(firstSignIn());

function firstSignIn(): SignIn {
  if (login && location.pathname === returnPath && hasPendingLogin()) return { kind: 'returning' };
  const held = sessionStorage.getItem(tokenKey);
  if (held !== null) return { kind: 'token', ...(JSON.parse(held) as HeldToken) };
  if (!isDevelopment) return { kind: 'out', problem: undefined };
  const kept = sessionStorage.getItem(roleKey);
  return { kind: 'development', role: offeredRoles.find(role => role === kept) ?? 'staff' };
}

/** @returns the role and the end of a token, as its claims say; undefined if it is no JWT. Only the server verifies them */
export function claimsOf(token: string): { readonly role?: string; readonly exp?: number } | undefined {
  try {
    const [, payload = ''] = token.split('.');
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as object;
  } catch {
    return undefined;
  }
}

/** The role of the present viewer. */
export function roleOf(state: SignIn): RoleName | undefined {
  return 'role' in state ? state.role : undefined;
}

/**
 * Signs in with a token.
 * @throws OperationError if the server rejects it, or does not answer
 */
export async function signInWith(token: string, refreshToken?: string): Promise<void> {
  hold({ token, refreshToken, role: await askRole(token) });
}

function hold(held: HeldToken): void {
  sessionStorage.setItem(tokenKey, JSON.stringify(held));
  signIn.set({ kind: 'token', ...held });
}

export function actAs(role: RoleName): void {
  sessionStorage.setItem(roleKey, role);
  signIn.set({ kind: 'switching', role });
  // Apollo empties its cache after this tick, and fails every query that has begun before.
  setTimeout(() => {
    signIn.set({ kind: 'development', role });
  });
}

export function signOut(problem?: string): void {
  sessionStorage.removeItem(tokenKey);
  signIn.set({ kind: 'out', problem });
}

/** The session asks for a fresh token this long before the last one expires, ms. */
const renewalMs = 31_000;

/**
 * For the session: called for each request and each connection.
 * @param refused whether the last token was rejected, or is about to expire
 */
export async function token(refused: boolean): Promise<string> {
  const state = signIn.current;
  if (state.kind === 'development') return developmentToken(state.role === 'customer' ? sampleCustomer.id : state.role);
  if (state.kind === 'token') return refused ? successorOf(state) : state.token;
  throw new Error('Nobody is signed in.');
}

let renewal: { readonly of: string; readonly next: Promise<string> } | undefined;

/** The token to use after this one, which was refused or is about to expire. One call at a time asks the issuer. */
function successorOf(held: HeldToken): Promise<string> {
  if (renewal?.of !== held.token) {
    const next = findSuccessor(held).finally(() => (renewal = undefined));
    renewal = { of: held.token, next };
  }
  return renewal.next;
}

async function findSuccessor(held: HeldToken): Promise<string> {
  const next = login && held.refreshToken !== undefined ? await renewPatiently(login, held.refreshToken) : undefined;
  const { current } = signIn;
  // Meanwhile this viewer may have signed out, and another one signed in.
  if (current.kind !== 'token' || current.token !== held.token) throw new Error('Another viewer is signed in.');
  if (next) {
    hold({ ...next, role: held.role });
    return next.token;
  }
  // Without a successor, it is used to its end.
  if (isAboutToExpire(held.token)) return held.token;
  signOut(refusalOf(held.token));
  throw new Error('Nobody is signed in.');
}

/** After a failure the issuer is asked again after 1 s, 2 s and so on, at most after this time, ms. */
const longestPauseMs = 30_000;
let failures = 0;
let nextAttemptMs = 0;

/** The session asks for a token again and again. An issuer that has failed must not get all of these requests. */
async function renewPatiently(at: Login, refreshToken: string) {
  if (Date.now() < nextAttemptMs) throw new Error('The login did not answer.');
  try {
    const next = await renew(at, refreshToken);
    failures = 0;
    return next;
  } catch (error) {
    nextAttemptMs = Date.now() + Math.min(longestPauseMs, 1_000 * 2 ** failures++);
    throw error;
  }
}

/** Loaded when it is needed: most pages are closed before. */
async function renew(at: Login, refreshToken: string) {
  return (await import('./login.ts')).renew(at, refreshToken);
}

function isAboutToExpire(held: string): boolean {
  const leftMs = (claimsOf(held)?.exp ?? 0) * 1_000 - Date.now();
  return leftMs > 0 && leftMs < renewalMs;
}

/** Why the server may have rejected a token. */
export function refusalOf(refused: string): string {
  const claims = claimsOf(refused);
  if (claims === undefined) return 'This is not a token: it must have three parts, separated by dots. Paste all of it.';
  if (claims.exp !== undefined && claims.exp * 1_000 < Date.now()) {
    return `Your token expired at ${new Date(claims.exp * 1_000).toLocaleTimeString()}. ${loginHost === undefined ? 'Get a new one and paste it here' : 'Sign in again'}: what you typed on the page is still there.`;
  }
  return 'The server rejects this token. It must be signed for this server, with its issuer, its audience and a role.';
}
