import { claimSettings } from './claim-settings.ts';
import { databaseSettings } from './database-settings.ts';
import { postgresServers } from './postgres-servers.ts';
import { redisContradictions, serverUrls } from './redis-settings.ts';
import { settingTypos, unknownNames } from './setting-typos.ts';
import { minSecretBytes, type settings } from './settings.ts';

export const noEmbeddedInProduction =
  'DATABASE_URL: set it: the embedded database is for development: a power failure can lose its data';

export const noErasureList =
  'ERASURE_LIST: set it to a file outside the database: after a backup is restored, it says who must be erased again';

/** Contradictions between settings, one per line. It uses the raw values, valid or not, so that one start reports every problem. */
export function contradictions(raw: Readonly<Record<string, string>>): string[] {
  const production = raw['NODE_ENV'] === 'production';
  // A file that cannot be read is reported by its own line.
  const has = (key: keyof typeof settings.shape): boolean => (raw[key] ?? raw[`${key}_FILE`]) !== undefined;
  const hasKey = has('AUTH_JWT_SECRET') || has('AUTH_JWKS_URL') || isIssuerUrl(raw['AUTH_ISSUER'] ?? '');
  const host = raw['HOST'] ?? '127.0.0.1';
  const singleRole = raw['ROLES'] === 'api' || raw['ROLES'] === 'projector';
  const problems: string[] = [];

  if (has('AUTH_JWT_SECRET') && has('AUTH_JWKS_URL')) {
    problems.push('AUTH_JWT_SECRET, AUTH_JWKS_URL: set one of them, not both');
  }
  if (production && !hasKey) {
    problems.push(
      `AUTH_JWT_SECRET: set it, ${minSecretBytes} bytes or more, or AUTH_JWKS_URL, or AUTH_ISSUER to a URL: NODE_ENV=production rejects the development key`,
    );
  } else if (!hasKey && !isLoopback(host)) {
    problems.push(
      `HOST: ${host} can be reached from outside: set AUTH_JWT_SECRET, ${minSecretBytes} bytes or more, or AUTH_JWKS_URL, or AUTH_ISSUER to a URL; the development key is accepted on 127.0.0.1 only`,
    );
  }
  for (const name of Object.keys(claimSettings).filter(name => !hasKey && raw[name] !== undefined)) {
    problems.push(
      `${name}: set AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_ISSUER too: tokens of the development key have claims of their own`,
    );
  }
  if (production && !has('AUTH_ISSUER')) problems.push('AUTH_ISSUER: set it to the issuer of your tokens (iss)');
  if (production && !has('AUTH_AUDIENCE')) problems.push('AUTH_AUDIENCE: set it to the audience of your tokens (aud)');
  if (production && !has('DATABASE_URL')) {
    problems.push(noEmbeddedInProduction);
  } else if (singleRole && !has('DATABASE_URL')) {
    problems.push('DATABASE_URL: set it: separate api and projector processes cannot share an embedded database');
  }
  if (singleRole && !has('REDIS_URL')) {
    problems.push('REDIS_URL: set it: separate api and projector processes communicate through Redis only');
  }
  if (raw['GRAPHIQL'] === 'on' && (production ? raw['INTROSPECTION'] !== 'on' : raw['INTROSPECTION'] === 'off')) {
    problems.push('GRAPHIQL: set INTROSPECTION=on too, or GRAPHIQL=off: GraphiQL needs the schema');
  }
  if (raw['TRUSTED_DOCUMENTS_ONLY'] === 'on') {
    if (!has('TRUSTED_DOCUMENTS') && raw['CONSOLE'] !== 'on') {
      problems.push(
        'TRUSTED_DOCUMENTS: set it to the manifests of your front ends, or CONSOLE=on: no other document is served',
      );
    }
    if (raw['GRAPHIQL'] === 'on') {
      problems.push(
        'GRAPHIQL: set it or TRUSTED_DOCUMENTS_ONLY to off: an operation typed into GraphiQL is in no manifest',
      );
    }
  }
  problems.push(...redisContradictions(raw), ...loginContradictions(raw));
  if (production) {
    problems.push(...plaintext(raw));
    if (unknownNames(Object.keys(raw)).length > 0) problems.push(...settingTypos(raw));
  }
  if (production && has('DATABASE_MIGRATE_URL')) {
    problems.push(
      'DATABASE_MIGRATE_URL: set it for npm run db:migrate only: with this connection a process that serves could change the log',
    );
  }
  if (!has('DATABASE_URL')) {
    const useless = Object.keys(databaseSettings).filter(name => has(name as keyof typeof databaseSettings));
    problems.push(...useless.map(name => `${name}: set DATABASE_URL too, or neither`));
  }
  return problems;
}

/** Problems of the console's login at the issuer. */
function loginContradictions(raw: Readonly<Record<string, string>>): string[] {
  if (raw['CONSOLE_OIDC_CLIENT_ID'] === undefined) {
    return raw['CONSOLE_OIDC_SCOPE'] === undefined
      ? []
      : ['CONSOLE_OIDC_SCOPE: set CONSOLE_OIDC_CLIENT_ID too, or neither'];
  }
  const problems: string[] = [];
  if (raw['CONSOLE'] === 'off' || (raw['CONSOLE'] === undefined && raw['NODE_ENV'] === 'production')) {
    problems.push('CONSOLE_OIDC_CLIENT_ID: set CONSOLE=on too: it is the login of the console');
  }
  const issuer = raw['AUTH_ISSUER'] ?? '';
  if (!URL.canParse(issuer)) {
    problems.push('AUTH_ISSUER: set it to the URL of your issuer: CONSOLE_OIDC_CLIENT_ID signs people in there');
  } else if (new URL(issuer).protocol !== 'https:' && !isLoopback(new URL(issuer).hostname)) {
    problems.push('AUTH_ISSUER: make it https://: over http an attacker could read the tokens of the console');
  }
  return problems;
}

/** Whether AUTH_ISSUER is a URL, where a discovery document says which keys verify the tokens. */
export function isIssuerUrl(issuer: string): boolean {
  return /^https?:\/\/[^/]/.test(issuer) && URL.canParse(issuer);
}

/** Problems of connections that are not encrypted. Hosts in a private network are listed in PLAINTEXT_HOSTS. */
function plaintext(raw: Readonly<Record<string, string>>): string[] {
  const exposed = (key: string): boolean => isExposed(raw, key);
  // With a secret or a URL of the keys, nothing is read from the issuer.
  const keysUrl =
    raw['AUTH_JWT_SECRET'] === undefined && raw['AUTH_JWKS_URL'] === undefined ? 'AUTH_ISSUER' : 'AUTH_JWKS_URL';
  return [
    ...plaintextDatabases(raw, ['DATABASE_URL']),
    ...[keysUrl].filter(exposed).map(key => `${key}: make it https://: over http an attacker could replace the keys`),
    ...['REDIS_URL', 'REDIS_SENTINELS']
      .filter(exposed)
      .map(key => `${key}: make it rediss://: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS`),
  ];
}

/** The same for these settings with URLs of PostgreSQL. */
export function plaintextDatabases(raw: Readonly<Record<string, string>>, keys: readonly string[]): string[] {
  return keys
    .filter(key => isExposed(raw, key))
    .map(
      key => `${key}: add ?sslmode=verify-full: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS`,
    );
}

/** Whether a URL of the setting leads to a server without encryption. */
function isExposed(raw: Readonly<Record<string, string>>, key: string): boolean {
  const trusted = (raw['PLAINTEXT_HOSTS'] ?? '').split(',').map(host => host.trim());
  return urlsOf(raw, key).some(text => {
    if (!URL.canParse(text)) return false;
    const { hostname, protocol, searchParams } = new URL(text);
    const expected = key.startsWith('AUTH') ? /^https?:$/ : /^(?:postgres(?:ql)?|rediss?):$/;
    if (!expected.test(protocol)) return false; // already reported as malformed
    const host = (hostname || searchParams.get('host') || 'localhost').replace(/^\[|\]$/g, '');
    if (isLoopback(host) || host.startsWith('/') || trusted.includes(host)) return false;
    if (protocol.startsWith('http')) return protocol !== 'https:';
    if (protocol.startsWith('redis')) return protocol !== 'rediss:';
    return !['require', 'verify-ca', 'verify-full'].includes(searchParams.get('sslmode') ?? '');
  });
}

function urlsOf(raw: Readonly<Record<string, string>>, key: string): readonly string[] {
  if (key.startsWith('REDIS')) return serverUrls(raw[key]);
  return key.startsWith('DATABASE') ? postgresServers(raw[key] ?? '').urls : [raw[key] ?? ''];
}

/** Whether only this machine can reach the address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
