import { z } from 'zod';

/** An issuer that takes longer is treated as one that does not answer. */
const discoveryTimeoutMs = 5_000;

const metadata = z.object({
  issuer: z.string(),
  jwks_uri: z.url({ protocol: /^https?$/ }),
  authorization_endpoint: z.url({ protocol: /^https?$/ }).optional(),
  token_endpoint: z.url({ protocol: /^https?$/ }).optional(),
});

/** What an issuer publishes about itself: OpenID Connect Discovery 1.0, section 3. */
export interface IssuerMetadata {
  readonly issuer: string;
  /** URL of the keys that verify its tokens. */
  readonly jwksUri: string;
  /** Where a person signs in. */
  readonly authorizationEndpoint: string | undefined;
  /** Where a code is exchanged for tokens. */
  readonly tokenEndpoint: string | undefined;
}

/** The issuer does not answer at the moment, or says so itself: a later request may succeed. */
export class IssuerAway extends Error {
  override readonly name = 'IssuerAway';
}

/**
 * Reads the discovery document of an issuer.
 * @param issuer its URL, exactly as its tokens have it in `iss`
 * @throws IssuerAway, or Error with one line that says what is wrong with the answer
 */
export async function discoverIssuer(issuer: string): Promise<IssuerMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { status, text } = await answerOf(url);
  if (status === 429 || status >= 500) throw new IssuerAway(`${url} answers with status ${status}`);
  if (status !== 200) throw new Error(`${url} answers with status ${status}`);
  const read = metadata.safeParse(parsed(text));
  if (!read.success) throw new Error(`${url} is no discovery document of OpenID Connect`);
  // Otherwise one issuer could have tokens accepted in the name of another one (section 4.3).
  if (read.data.issuer !== issuer) throw new Error(`${url} is the document of another issuer: ${read.data.issuer}`);
  return {
    issuer,
    jwksUri: read.data.jwks_uri,
    authorizationEndpoint: read.data.authorization_endpoint,
    tokenEndpoint: read.data.token_endpoint,
  };
}

/** Whether an endpoint of an issuer would be reached without the encryption that the issuer itself has. */
export function losesEncryption(issuer: string, endpoint: string): boolean {
  return issuer.startsWith('https:') && !endpoint.startsWith('https:');
}

async function answerOf(url: string): Promise<{ status: number; text: string }> {
  try {
    // A redirect could lead to another host, or to one without TLS, which could then name keys of its own.
    const response = await fetch(url, { signal: AbortSignal.timeout(discoveryTimeoutMs), redirect: 'manual' });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new IssuerAway(`${url} does not answer: ${reasonOf(error)}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The cause is what fetch knows: "fetch failed" says nothing. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
