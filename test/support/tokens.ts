import { SignJWT } from 'jose';

/** The key that the processes which tests start check tokens with. */
export const testSecret = 'a secret of the tests, 32 bytes and more';

export interface TokenOptions {
  /** `'2s'`, a date, or seconds of Unix time; an hour from now where left out. */
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

/** Any claims, also those that no server must accept. */
export function token(claims: Record<string, unknown>, options: TokenOptions = {}): Promise<string> {
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(options.expires ?? '1h');
  if (options.issuer !== undefined) jwt.setIssuer(options.issuer);
  if (options.audience !== undefined) jwt.setAudience(options.audience);
  return jwt.sign(new TextEncoder().encode(options.secret ?? testSecret));
}
