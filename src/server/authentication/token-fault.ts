import { errors } from 'jose';

/**
 * Kinds of failed authentications, for metrics. `keys_unavailable`: the key set could not be fetched.
 * `too_many_waiting`: so many tokens with unknown key ids wait for newer keys that this one is sent away.
 */
export const authenticationFailures = [
  'missing',
  'malformed',
  'expired',
  'signature',
  'algorithm',
  'unknown_key',
  'claims',
  'keys_unavailable',
  'too_many_waiting',
] as const;

export type AuthenticationFailure = (typeof authenticationFailures)[number];

/**
 * Why a token is rejected, for the developer of a client. In production the message is neither sent nor logged; the kind
 * is counted.
 */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
  readonly kind: AuthenticationFailure;

  constructor(message: string, kind: AuthenticationFailure = 'claims') {
    super(message);
    this.kind = kind;
  }
}

/** A token could not be verified, and nothing says that the token is at fault. */
export class KeysFault extends Error {
  override readonly name = 'KeysFault';
  readonly kind: AuthenticationFailure;

  constructor(kind: 'keys_unavailable' | 'too_many_waiting', cause: unknown) {
    super('Tokens cannot be verified at the moment.', { cause });
    this.kind = kind;
  }
}

/** What is wrong with an `Authorization` header that is not `Bearer` and a JWT. */
export function headerFault(authorization: string): TokenFault {
  if (/^Bearer +\S+$/i.test(authorization)) {
    return new TokenFault('it is malformed: a JWT has three parts of base64url, joined by dots.', 'malformed');
  }
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(authorization)) {
    return new TokenFault('`Bearer ` is missing before it: send `Authorization: Bearer <token>`.', 'malformed');
  }
  return new TokenFault('send `Authorization: Bearer <token>`, and nothing else.', 'malformed');
}

/** @param error the error that jose threw */
export function verificationFault(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) {
    return new TokenFault(`it expired at ${timeText(error.payload.exp ?? 0)}.`, 'expired');
  }
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenFault(claimFault(error));
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenFault('its signature was not made with the configured key.', 'signature');
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new TokenFault(
      'it is unsigned, or signed by another algorithm than that of the configured key.',
      'algorithm',
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey)
    return new TokenFault('no key of the key set has its `kid`.', 'unknown_key');
  return new TokenFault('it is malformed: it cannot be parsed as a signed JWT.', 'malformed');
}

function claimFault({ claim, reason, payload }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `it has no \`${claim}\`.`;
  switch (claim) {
    case 'nbf':
      return typeof payload.nbf === 'number'
        ? `it is not valid before ${timeText(payload.nbf)} (\`nbf\`).`
        : '`nbf` is not a number.';
    case 'iss':
      return 'its issuer (`iss`) is not AUTH_ISSUER.';
    default:
      return `\`${claim}\` is malformed.`;
  }
}

/** Claims may have any number, such as milliseconds of another epoch, and `toISOString` throws beyond the year 275760. */
function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s after 1970` : time.toISOString();
}
