import { SignJWT } from 'jose';
import { developmentSecret, loadCallerSecrets } from '../../config.ts';
import { customers } from '../../simulation/customers.ts';
import type { People } from '../../simulation/people.ts';
import { StartError } from '../../start-error.ts';
import type { Bearer } from './api.ts';

/** The server's description of a token's bearer. */
export interface Viewer {
  readonly subject: string;
  readonly role: string;
  readonly customer?: { readonly name: string } | null;
}

/**
 * The people who act: the bearers of STAFF_TOKEN and CUSTOMER_TOKEN if they are set, or else our own people with
 * tokens signed by AUTH_JWT_SECRET or by the development key.
 * @param whoIs asks the server for the viewer of a token
 * @throws StartError
 */
export async function peopleOf(
  env: NodeJS.ProcessEnv,
  whoIs: (person: Bearer) => Promise<Viewer>,
): Promise<People<Bearer>> {
  const { staffToken, customerToken } = loadCallerSecrets(env);
  if (!staffToken && !customerToken) return signedPeople(env);
  if (!staffToken || !customerToken) {
    throw new StartError(`${staffToken ? 'CUSTOMER_TOKEN' : 'STAFF_TOKEN'}: set it too, the simulation needs both`);
  }

  async function bearerOf(key: string, token: string, role: string): Promise<Bearer> {
    const tokenHint = `set ${key} to one that is valid now`;
    const bearer = { name: '', id: '', token: () => Promise.resolve(token), tokenHint };
    const viewer = await whoIs(bearer);
    // An operator may do all that staff may.
    const isStaff = role === 'STAFF' && viewer.role === 'OPERATOR';
    if (viewer.role !== role && !isStaff)
      throw new StartError(`${key}: it has role ${viewer.role}, set one with role ${role}`);
    return {
      ...bearer,
      name: viewer.customer?.name ?? (role === 'STAFF' ? viewer.subject : 'Ann'),
      id: viewer.subject,
    };
  }
  return {
    staff: await bearerOf('STAFF_TOKEN', staffToken, 'STAFF'),
    customers: [await bearerOf('CUSTOMER_TOKEN', customerToken, 'CUSTOMER')],
  };
}

/** Our own people, with tokens signed by AUTH_JWT_SECRET, or by the development key. */
export function signedPeople(env: NodeJS.ProcessEnv): People<Bearer> {
  const { secret, issuer, audience } = loadCallerSecrets(env);
  const key = new TextEncoder().encode(secret ?? developmentSecret);
  const tokenHint = secret
    ? 'set AUTH_JWT_SECRET, AUTH_ISSUER and AUTH_AUDIENCE as the server has them'
    : "set AUTH_JWT_SECRET to the server's, or STAFF_TOKEN and CUSTOMER_TOKEN";

  function person(name: string, id: string, role: string): Bearer {
    // A fresh token for each request, so that none expires during a long run.
    const token = () => {
      const jwt = new SignJWT({ role }).setProtectedHeader({ alg: 'HS256' }).setSubject(id).setExpirationTime('5m');
      if (issuer) jwt.setIssuer(issuer);
      if (audience) jwt.setAudience(audience);
      return jwt.sign(key);
    };
    return { name, id, token, tokenHint };
  }
  return {
    staff: person('Sam', 'Sam', 'staff'),
    customers: customers.map(({ name, id }) => person(name, id, 'customer')),
  };
}
