import { errors } from 'jose';

/** Why a token is rejected, for the developer of a client. In production it is neither sent nor logged. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** What is wrong with an `Authorization` header that is not `Bearer` and a JWT. */
export function headerFault(authorization: string): TokenFault {
  if (/^Bearer +\S+$/i.test(authorization)) {
    return new TokenFault('it is malformed: a JWT has three parts of base64url, joined by dots.');
  }
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(authorization)) {
    return new TokenFault('`Bearer ` is missing before it: send `Authorization: Bearer <token>`.');
  }
  return new TokenFault('send `Authorization: Bearer <token>`, and nothing else.');
}

/** @param error the error that jose threw */
export function verificationFault(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) {
    return new TokenFault(`it expired at ${timeText(error.payload.exp ?? 0)}.`);
  }
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenFault(claimFault(error));
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenFault('its signature was not made with the configured key.');
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new TokenFault('it is unsigned, or signed by another algorithm than that of the configured key.');
  }
  if (error instanceof errors.JWKSNoMatchingKey) return new TokenFault('no key of the key set has its `kid`.');
  return new TokenFault('it is malformed: it cannot be parsed as a signed JWT.');
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
