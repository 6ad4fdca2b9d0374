import { isIP } from 'node:net';
import { z } from 'zod';
import { likelyKey, unknownKeys } from './misspelt-keys.ts';
import { StartError } from './start-error.ts';

export type Role = 'api' | 'projector';

/** The key that tokens are verified with. `development` is a published key, which is accepted on loopback only. */
export type AuthKey =
  | { readonly type: 'secret' | 'development'; readonly secret: string }
  | { readonly type: 'jwks'; readonly url: string };

export interface Config {
  readonly production: boolean;
  /** 0 selects a free port. */
  readonly port: number;
  readonly host: string;
  /** Undefined: the embedded database in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Undefined: an in-process bus. */
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly roles: readonly Role[];
  readonly auth: {
    readonly key: AuthKey;
    /** If set, a token must have this issuer; the same for the audience. */
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
  };
  /** Addresses and subnets of the proxies whose `X-Forwarded-For` header is trusted. */
  readonly trustedProxies: readonly string[];
  /** Exact origins, as browsers send them. Empty: no cross-origin requests. */
  readonly corsOrigins: readonly string[];
  /** Whether GraphiQL is served, and whether introspection is allowed. Both are off in production by default. */
  readonly graphiql: boolean;
  readonly introspection: boolean;
  /** Manifests of the documents that front ends are built with; `only`: every other document is rejected. */
  readonly trustedDocuments: { readonly files: readonly string[]; readonly only: boolean };
  readonly limits: Limits;
  readonly logLevel: (typeof logLevels)[number];
  /** Base URL of an OTLP collector (HTTP); undefined: no tracing. */
  readonly otlpEndpoint: string | undefined;
}

/** Limits for one caller. None can be switched off; each error names the limit that was exceeded. */
export interface Limits {
  /** Bytes of a request body. */
  readonly bodyBytes: number;
  /** Tokens of a document. */
  readonly tokens: number;
  /** Levels of nested fields. */
  readonly depth: number;
  /** Aliases of an operation; those in a fragment count each time the fragment is spread. */
  readonly aliases: number;
  /** Cost of an operation; see server/limits/cost.ts. */
  readonly cost: number;
  /** Operations per second of one customer, averaged over ten seconds. */
  readonly customerRate: number;
  /** The same for one staff member. Programs use staff tokens, so it is high. */
  readonly staffRate: number;
  /** The same for the requests without a valid token from one address. */
  readonly addressRate: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 1_000_000,
  tokens: 2_000,
  depth: 20,
  aliases: 50,
  cost: 25_000,
  customerRate: 100,
  staffRate: 20_000,
  addressRate: 100,
};

/** Signs and verifies tokens if no key is configured. It is published, so it protects nothing outside this machine. */
export const developmentSecret = 'orderstream development key, known to everybody';

const minSecretBytes = 32; // the output size of HMAC-SHA-256; a shorter secret can be guessed
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Lists every invalid key, one per line. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const list = z.string().transform(text => text.split(',').map(part => part.trim()));

const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL like postgresql://user:password@host:5432/database',
});

const origin = z.string().refine(text => URL.canParse(text) && new URL(text).origin === text, {
  error: 'must be origins like https://shop.example.com, separated by commas',
});

function limit(key: keyof Limits) {
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, { error: 'must be a whole number above 0' })
    .transform(Number)
    .default(defaultLimits[key]);
}

const onOrOff = z.enum(['on', 'off'], { error: 'must be on or off' }).optional();

const keys = z.object({
  NODE_ENV: z
    .enum(['production', 'development', 'test'], { error: 'must be production, development or test' })
    .default('development'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: 'must be a port, 0 to 65535', abort: true })
    .transform(Number)
    .refine(port => port <= 65_535, { error: 'must be a port, 0 to 65535' })
    .default(4000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_MIGRATE_URL: postgresUrl.optional(),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a URL like redis://host:6379', abort: true })
    .refine(text => /^\/?\d{0,9}$/.test(new URL(text).pathname), {
      error: 'its path must be the number of a database, like redis://host:6379/0',
    })
    .refine(hasReadableCredentials, { error: 'its user and password must be percent-encoded' })
    // ioredis reads its options from the query string, and they would override those that this program sets.
    .refine(text => /^(?:\?family=[046])?$/.test(new URL(text).search), {
      error: 'allows only the parameter ?family=4 or ?family=6',
    })
    .optional(),
  DATA_DIR: z.string().default('.data'),
  ROLES: list
    .pipe(z.array(z.enum(['api', 'projector'], { error: 'must be api, projector or api,projector' })))
    .transform(roles => [...new Set(roles)])
    .default(['api', 'projector']),
  AUTH_JWT_SECRET: z
    .string()
    .refine(secret => Buffer.byteLength(secret) >= minSecretBytes, {
      error: `must have ${minSecretBytes} bytes or more`,
    })
    .refine(secret => secret !== developmentSecret, {
      error: 'is the published development key: set a secret of your own',
    })
    .optional(),
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL like https://login.example.com/.well-known/jwks.json' })
    .optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z.string().optional(),
  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  TRUSTED_PROXIES: list
    .pipe(
      z.array(
        z
          .string()
          .refine(isAddressOrSubnet, { error: 'must be addresses or subnets like 10.0.0.0/8, separated by commas' }),
      ),
    )
    .default([]),
  GRAPHIQL: onOrOff,
  INTROSPECTION: onOrOff,
  TRUSTED_DOCUMENTS: list.default([]),
  TRUSTED_DOCUMENTS_ONLY: onOrOff,
  PLAINTEXT_HOSTS: list.default([]),
  LIMIT_BODY_BYTES: limit('bodyBytes'),
  LIMIT_TOKENS: limit('tokens'),
  LIMIT_DEPTH: limit('depth'),
  LIMIT_ALIASES: limit('aliases'),
  LIMIT_COST: limit('cost'),
  LIMIT_CUSTOMER_RATE: limit('customerRate'),
  LIMIT_STAFF_RATE: limit('staffRate'),
  LIMIT_ADDRESS_RATE: limit('addressRate'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL like http://collector:4318' })
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
});

/** Includes the keys that only `simulate` reads. */
const knownKeys = [...Object.keys(keys.shape), 'STAFF_TOKEN', 'CUSTOMER_TOKEN'];

/**
 * Reads the configuration from environment variables. The result is frozen.
 * @throws ConfigError if a key is invalid, missing or contradicts another one; it lists all of them
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const raw = withoutBlanks(env);
  const read = keys.safeParse(raw);
  const problems = [...(read.error ? problemsOf(read.error) : []), ...contradictions(raw)];
  if (!read.success || problems.length > 0) throw new ConfigError([...new Set([...problems, ...misspeltKeys(env)])]);
  const values = read.data;
  return deepFreeze({
    production: values.NODE_ENV === 'production',
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    roles: values.ROLES,
    auth: {
      key: authKey(values.AUTH_JWT_SECRET, values.AUTH_JWKS_URL),
      issuer: values.AUTH_ISSUER,
      audience: values.AUTH_AUDIENCE,
    },
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS,
    graphiql: isOn(values.GRAPHIQL, values.NODE_ENV) && values.TRUSTED_DOCUMENTS_ONLY !== 'on',
    introspection: isOn(values.INTROSPECTION, values.NODE_ENV),
    trustedDocuments: { files: values.TRUSTED_DOCUMENTS, only: values.TRUSTED_DOCUMENTS_ONLY === 'on' },
    limits: {
      bodyBytes: values.LIMIT_BODY_BYTES,
      tokens: values.LIMIT_TOKENS,
      depth: values.LIMIT_DEPTH,
      aliases: values.LIMIT_ALIASES,
      cost: values.LIMIT_COST,
      customerRate: values.LIMIT_CUSTOMER_RATE,
      staffRate: values.LIMIT_STAFF_RATE,
      addressRate: values.LIMIT_ADDRESS_RATE,
    },
    logLevel: values.LOG_LEVEL,
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
}

/**
 * The connection URL of the role that may change the schema. It reads only these two keys, because a process that
 * migrates serves no requests.
 * @throws ConfigError if neither URL is set, or one is invalid
 */
export function loadMigrateUrl(env: NodeJS.ProcessEnv): string {
  const read = keys.pick({ DATABASE_URL: true, DATABASE_MIGRATE_URL: true }).safeParse(withoutBlanks(env));
  if (!read.success) throw new ConfigError(problemsOf(read.error));
  const url = read.data.DATABASE_MIGRATE_URL ?? read.data.DATABASE_URL;
  if (url === undefined) {
    throw new ConfigError(['DATABASE_URL: set it; each start migrates the embedded database']);
  }
  return url;
}

/**
 * The location of the database, for commands that serve no requests (an import): all other keys are ignored.
 * @throws ConfigError if a key is invalid, or if production has no DATABASE_URL
 */
export function loadDatabaseConfig(env: NodeJS.ProcessEnv): Pick<Config, 'databaseUrl' | 'dataDir'> {
  const raw = withoutBlanks(env);
  const read = keys.pick({ DATABASE_URL: true, DATA_DIR: true }).safeParse(raw);
  if (!read.success) throw new ConfigError(problemsOf(read.error));
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = read.data;
  if (raw['NODE_ENV'] === 'production' && databaseUrl === undefined) throw new ConfigError([noEmbeddedInProduction]);
  return { databaseUrl, dataDir };
}

function isOn(setting: 'on' | 'off' | undefined, mode: string): boolean {
  return setting === undefined ? mode !== 'production' : setting === 'on';
}

function authKey(secret: string | undefined, jwksUrl: string | undefined): AuthKey {
  if (secret !== undefined) return { type: 'secret', secret };
  if (jwksUrl !== undefined) return { type: 'jwks', url: jwksUrl };
  return { type: 'development', secret: developmentSecret };
}

const noEmbeddedInProduction =
  'DATABASE_URL: set it: the embedded database is for development: a power failure can lose its data';

/** Contradictions between keys. It uses the raw values, valid or not, so that one start reports every problem. */
function contradictions(raw: Readonly<Record<string, string>>): string[] {
  const production = raw['NODE_ENV'] === 'production';
  const has = (key: keyof typeof keys.shape): boolean => raw[key] !== undefined;
  const hasKey = has('AUTH_JWT_SECRET') || has('AUTH_JWKS_URL');
  const host = raw['HOST'] ?? '127.0.0.1';
  const singleRole = raw['ROLES'] === 'api' || raw['ROLES'] === 'projector';
  const problems: string[] = [];

  if (has('AUTH_JWT_SECRET') && has('AUTH_JWKS_URL')) {
    problems.push('AUTH_JWT_SECRET, AUTH_JWKS_URL: set one of them, not both');
  }
  if (production && !hasKey) {
    problems.push(
      `AUTH_JWT_SECRET: set it, ${minSecretBytes} bytes or more, or AUTH_JWKS_URL: NODE_ENV=production rejects the development key`,
    );
  } else if (!hasKey && !isLoopback(host)) {
    problems.push(
      `HOST: ${host} can be reached from outside: set AUTH_JWT_SECRET, ${minSecretBytes} bytes or more, or AUTH_JWKS_URL; the development key is accepted on 127.0.0.1 only`,
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
    if (!has('TRUSTED_DOCUMENTS')) {
      problems.push('TRUSTED_DOCUMENTS: set it to the manifests of your front ends: no other document is served');
    }
    if (raw['GRAPHIQL'] === 'on') {
      problems.push(
        'GRAPHIQL: set it or TRUSTED_DOCUMENTS_ONLY to off: an operation typed into GraphiQL is in no manifest',
      );
    }
  }
  if (production) {
    problems.push(...plaintext(raw));
    if (unknownKeys(Object.keys(raw), knownKeys).length > 0) problems.push(...misspeltKeys(raw));
  }
  if (has('DATABASE_MIGRATE_URL') && !has('DATABASE_URL')) {
    problems.push('DATABASE_MIGRATE_URL: set DATABASE_URL too, or neither');
  }
  return problems;
}

/** Problems of connections that are not encrypted. Hosts in a private network are listed in PLAINTEXT_HOSTS. */
function plaintext(raw: Readonly<Record<string, string>>): string[] {
  const trusted = (raw['PLAINTEXT_HOSTS'] ?? '').split(',').map(host => host.trim());
  const exposed = (key: string): boolean => {
    const text = raw[key];
    if (text === undefined || !URL.canParse(text)) return false;
    const { hostname, protocol, searchParams } = new URL(text);
    const expected = key === 'AUTH_JWKS_URL' ? /^https?:$/ : /^(?:postgres(?:ql)?|rediss?):$/;
    if (!expected.test(protocol)) return false; // already reported as malformed
    const host = (hostname || searchParams.get('host') || 'localhost').replace(/^\[|\]$/g, '');
    if (isLoopback(host) || host.startsWith('/') || trusted.includes(host)) return false;
    if (protocol.startsWith('http')) return protocol !== 'https:';
    if (protocol.startsWith('redis')) return protocol !== 'rediss:';
    return !['require', 'verify-ca', 'verify-full'].includes(searchParams.get('sslmode') ?? '');
  };
  return [
    ...['DATABASE_URL', 'DATABASE_MIGRATE_URL']
      .filter(exposed)
      .map(
        key => `${key}: add ?sslmode=verify-full: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS`,
      ),
    ...['AUTH_JWKS_URL']
      .filter(exposed)
      .map(key => `${key}: make it https://: over http an attacker could replace the keys`),
    ...['REDIS_URL']
      .filter(exposed)
      .map(key => `${key}: make it rediss://: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS`),
  ];
}

/**
 * Warnings, one per line, about names in the environment that are probably misspelt keys: the setting that was meant
 * keeps its default. In production, loadConfig() rejects a name whose prefix only this program uses.
 */
export function misspeltKeys(env: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(withoutBlanks(env));
  const unknown = unknownKeys(names, knownKeys);
  return names.flatMap(name => {
    const likely = likelyKey(name, names, knownKeys);
    if (likely === undefined && !unknown.includes(name)) return [];
    const meant = likely === undefined ? 'docs/configuration.md lists all keys' : `did you mean ${likely}?`;
    return [`${name}: is no key of this program: ${meant}`];
  });
}

/** Whether only this machine can reach the address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function isAddressOrSubnet(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

function hasReadableCredentials(text: string): boolean {
  try {
    const { username, password } = new URL(text);
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

/** Removes empty values: compose files and shells pass an empty string for a variable that is not set. */
function withoutBlanks(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).flatMap(([key, value]) => {
    const trimmed = value?.trim() ?? '';
    return trimmed === '' ? [] : [[key, trimmed] as const];
  });
  return Object.fromEntries(entries);
}

function problemsOf(error: z.ZodError): string[] {
  return [...new Set(error.issues.map(issue => `${String(issue.path[0])}: ${issue.message}`))];
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
