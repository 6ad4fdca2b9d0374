/** Where a person signs in: what the server has written into the page about the issuer. */
export interface Login {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly scope: string;
  readonly audience?: string;
}

/** Undefined if the server has no login, or if the issuer did not answer the server. */
export const login = readLogin();

/** Where one signs in, for people: the host of the issuer. */
export const loginHost = login && new URL(login.issuer).host;

function readLogin(): Login | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name=orderstream-login]')?.content;
  return text ? (JSON.parse(text) as Login) : undefined;
}

/** What the page remembers while the browser is at the issuer. */
export const pendingKey = 'orderstream login';

/** Whether this tab has left for the issuer. Otherwise the path of the return was opened by a link. */
export function hasPendingLogin(): boolean {
  return sessionStorage.getItem(pendingKey) !== null;
}
