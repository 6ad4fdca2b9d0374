/** The published key of a server that has no key configured: such a server listens on loopback only. */
const developmentKey = 'orderstream development key, known to everybody';

/**
 * Makes a token for a server that was started without a configuration (`npm start`), so that a front end can be written
 * before there is a login. Each call makes a fresh one, valid for 10 minutes.
 * @param viewer `staff`, `operator`, or a customer's id (`cus_…`)
 */
export async function developmentToken(viewer: string): Promise<string> {
  const role = viewer.startsWith('cus_') ? 'customer' : viewer === 'operator' ? 'operator' : 'staff';
  const claims = { sub: viewer, role, exp: Math.floor(Date.now() / 1000) + 600 };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map(part => base64url(bytesOf(JSON.stringify(part)))).join('.');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytesOf(developmentKey), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, bytesOf(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
