import { SignJWT } from 'jose';

/** The key with which test processes verify tokens. */
export const testSecret = 'a secret of the tests, 32 bytes and more';

export interface TokenOptions {
  /** `'2s'`, a date, or Unix time in seconds; default: in an hour. */
  readonly expires?: string | number | Date;
  readonly secret?: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** A customer's token; the subject is their own id, `cus_…`. */
export function customerToken(customerId: string, options?: TokenOptions): Promise<string> {
  return token({ role: 'customer', sub: customerId }, options);
}

export function staffToken(options?: TokenOptions): Promise<string> {
  return token({ role: 'staff', sub: 'anna' }, options);
}

export function operatorToken(options?: TokenOptions): Promise<string> {
  return token({ role: 'operator', sub: 'olga' }, options);
}

/** A token with any claims, also those that servers must reject. */
export function token(claims: Record<string, unknown>, options: TokenOptions = {}): Promise<string> {
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(options.expires ?? '1h');
  if (options.issuer !== undefined) jwt.setIssuer(options.issuer);
  if (options.audience !== undefined) jwt.setAudience(options.audience);
  return jwt.sign(new TextEncoder().encode(options.secret ?? testSecret));
}
