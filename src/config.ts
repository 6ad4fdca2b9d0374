import type { z } from 'zod';
import { type ClaimSettings, claimsOf } from './config/claim-settings.ts';
import {
  contradictions,
  isIssuerUrl,
  noEmbeddedInProduction,
  noErasureList,
  plaintextDatabases,
} from './config/contradictions.ts';
import { connectionSettings, type DatabaseConnections, databaseConnections } from './config/database-settings.ts';
import type { Limits } from './config/limits.ts';
import { type RedisConfig, redisConfig } from './config/redis-settings.ts';
import { readSecretFiles } from './config/secret-files.ts';
import { settingTypos } from './config/setting-typos.ts';
import { developmentSecret, type logLevels, settings, withoutBlanks } from './config/settings.ts';
import { StartError } from './start-error.ts';

export type { ClaimSettings } from './config/claim-settings.ts';
export { type DatabaseConnections, defaultConnections } from './config/database-settings.ts';
export { defaultLimits, type Limits } from './config/limits.ts';
export { developmentSecret } from './config/settings.ts';

export type Role = 'api' | 'projector';

/** The keys that tokens are verified with. */
export type AuthKey =
  /** The published key, which is accepted on loopback only. */
  | { readonly type: 'development'; readonly secret: string }
  /** Each of them verifies tokens: while a secret is rotated, there are two. */
  | { readonly type: 'secret'; readonly secrets: readonly string[] }
  | { readonly type: 'jwks'; readonly url: string }
  /** The key set that the issuer at this URL names. */
  | { readonly type: 'issuer'; readonly url: string };

export interface Config {
  readonly production: boolean;
  /** 0 selects a free port. */
  readonly port: number;
  readonly host: string;
  /** Time between the signal to stop and the stop, in which load balancers find out. */
  readonly drainDelaySeconds: number;
  /** Undefined: the embedded database in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databaseConnections: DatabaseConnections;
  /** Undefined: an in-process bus. */
  readonly redis: RedisConfig | undefined;
  readonly dataDir: string;
  /** File to which each erasure is appended, outside the database; undefined: none is kept. */
  readonly erasureList: string | undefined;
  readonly roles: readonly Role[];
  readonly auth: {
    readonly key: AuthKey;
    /** If set, a token must have this issuer. */
    readonly issuer: string | undefined;
    /** A token must have one of these audiences. Empty: any token is for this server. */
    readonly audiences: readonly string[];
    /** The first of them: the name of this server at the issuer. */
    readonly audience: string | undefined;
    readonly claims: ClaimSettings;
  };
  /** Addresses and subnets of the proxies whose `X-Forwarded-For` header is trusted. */
  readonly trustedProxies: readonly string[];
  /** Exact origins, as browsers send them. Empty: no cross-origin requests. */
  readonly corsOrigins: readonly string[];
  /** Whether GraphiQL is served, and whether introspection is allowed. Both are off in production by default. */
  readonly graphiql: boolean;
  readonly introspection: boolean;
  /** Whether the console is served. Off in production by default. */
  readonly console: boolean;
  /** How the console signs people in at the issuer; undefined: they paste a token. */
  readonly consoleLogin: { readonly clientId: string; readonly scope: string } | undefined;
  /** Manifests of the documents that front ends are built with; `only`: every other document is rejected. */
  readonly trustedDocuments: { readonly files: readonly string[]; readonly only: boolean };
  readonly limits: Limits;
  readonly logLevel: (typeof logLevels)[number];
  /** Base URL of an OTLP collector (HTTP); undefined: no tracing. */
  readonly otlpEndpoint: string | undefined;
}

/**
 * Enough for a load balancer that asks /readyz every two seconds and believes the second answer, and for Kubernetes to
 * take a pod out of its services. With the 25 s that a stop may take, it fits the 30 s after which orchestrators kill.
 */
const productionDrainDelaySeconds = 5;

/** Lists every invalid key, one per line. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the configuration from environment variables. The result is frozen.
 * @throws ConfigError if a key is invalid, missing or contradicts another one; it lists all of them
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { values: raw, problems: secretProblems } = readSecretFiles(withoutBlanks(env));
  const read = settings.safeParse(raw);
  const problems = [...secretProblems, ...(read.error ? problemsOf(read.error) : []), ...contradictions(raw)];
  if (!read.success || problems.length > 0) throw new ConfigError([...new Set([...problems, ...settingTypos(env)])]);
  const values = read.data;
  return deepFreeze({
    production: values.NODE_ENV === 'production',
    port: values.PORT,
    host: values.HOST,
    drainDelaySeconds: values.DRAIN_DELAY ?? (values.NODE_ENV === 'production' ? productionDrainDelaySeconds : 0),
    databaseUrl: values.DATABASE_URL,
    databaseConnections: databaseConnections(values),
    redis: redisConfig(values),
    dataDir: values.DATA_DIR,
    erasureList: values.ERASURE_LIST,
    roles: values.ROLES,
    auth: {
      key: authKey(values),
      issuer: values.AUTH_ISSUER,
      audiences: values.AUTH_AUDIENCE,
      audience: values.AUTH_AUDIENCE[0],
      claims: claimsOf(values),
    },
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS,
    graphiql: isOn(values.GRAPHIQL, values.NODE_ENV) && values.TRUSTED_DOCUMENTS_ONLY !== 'on',
    introspection: isOn(values.INTROSPECTION, values.NODE_ENV),
    console: isOn(values.CONSOLE, values.NODE_ENV),
    consoleLogin: consoleLogin(values.CONSOLE_OIDC_CLIENT_ID, values.CONSOLE_OIDC_SCOPE),
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

/** What `npm run db:migrate` needs. */
export interface Migration {
  /** The connection of the role that may change the schema. */
  readonly ownerUrl: string;
  /** The connection of the role that serves, which may be the same one. */
  readonly servingUrl: string;
  readonly databaseConnections: DatabaseConnections;
}

/**
 * The connections of a process that migrates. It reads only the settings of the database, because such a process serves
 * no requests.
 * @throws ConfigError if neither URL is set, a setting is invalid, or a connection of production is not encrypted
 */
export function loadMigration(env: NodeJS.ProcessEnv): Migration {
  const urls = ['DATABASE_URL', 'DATABASE_MIGRATE_URL'] as const;
  const { raw, values } = readDatabaseSettings(env, urls);
  const exposed = raw['NODE_ENV'] === 'production' ? plaintextDatabases(raw, urls) : [];
  if (exposed.length > 0) throw new ConfigError(exposed);
  const ownerUrl = values.DATABASE_MIGRATE_URL ?? values.DATABASE_URL;
  if (ownerUrl === undefined) {
    throw new ConfigError(['DATABASE_URL: set it; each start migrates the embedded database']);
  }
  const servingUrl = values.DATABASE_URL ?? ownerUrl;
  return { ownerUrl, servingUrl, databaseConnections: databaseConnections(values) };
}

/** The connection URL of the role that may change the schema; see loadMigration(). */
export function loadMigrateUrl(env: NodeJS.ProcessEnv): string {
  return loadMigration(env).ownerUrl;
}

/**
 * The location of the database, for commands that serve no requests (an import): all other keys are ignored.
 * @throws ConfigError if a key is invalid, or if production has no DATABASE_URL
 */
export function loadDatabaseConfig(
  env: NodeJS.ProcessEnv,
): Pick<Config, 'databaseUrl' | 'dataDir' | 'databaseConnections'> {
  const { raw, values } = readDatabaseSettings(env, ['DATABASE_URL']);
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = values;
  if (raw['NODE_ENV'] === 'production' && databaseUrl === undefined) throw new ConfigError([noEmbeddedInProduction]);
  return { databaseUrl, dataDir, databaseConnections: databaseConnections(values) };
}

/** What a command that calls the server signs its tokens with, or the tokens that it was given. */
export interface CallerSecrets {
  /** Undefined: tokens are signed with the development key. */
  readonly secret: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly staffToken: string | undefined;
  readonly customerToken: string | undefined;
}

/** @throws ConfigError if a setting is invalid */
export function loadCallerSecrets(env: NodeJS.ProcessEnv): CallerSecrets {
  const names = ['AUTH_JWT_SECRET', 'STAFF_TOKEN', 'CUSTOMER_TOKEN'] as const;
  const { values: raw, problems } = readSecretFiles(withoutBlanks(env), names);
  const read = settings.pick({ AUTH_JWT_SECRET: true, AUTH_ISSUER: true, AUTH_AUDIENCE: true }).safeParse(raw);
  if (!read.success || problems.length > 0) {
    throw new ConfigError([...problems, ...(read.error ? problemsOf(read.error) : [])]);
  }
  return {
    secret: read.data.AUTH_JWT_SECRET?.[0],
    issuer: read.data.AUTH_ISSUER,
    audience: read.data.AUTH_AUDIENCE[0],
    staffToken: raw['STAFF_TOKEN'],
    customerToken: raw['CUSTOMER_TOKEN'],
  };
}

function readDatabaseSettings(env: NodeJS.ProcessEnv, urls: readonly ('DATABASE_URL' | 'DATABASE_MIGRATE_URL')[]) {
  const { values: raw, problems } = readSecretFiles(withoutBlanks(env), urls);
  const ours = settings.pick({ DATABASE_URL: true, DATABASE_MIGRATE_URL: true, DATA_DIR: true, ...connectionSettings });
  const { DATABASE_MIGRATE_URL, ...others } = raw;
  const read = ours.safeParse(urls.includes('DATABASE_MIGRATE_URL') ? raw : others);
  if (!read.success || problems.length > 0) {
    throw new ConfigError([...problems, ...(read.error ? problemsOf(read.error) : [])]);
  }
  return { raw, values: read.data };
}

/** The file of the erasure list; undefined: none is kept. */
export function erasureListOf(env: NodeJS.ProcessEnv): string | undefined {
  return withoutBlanks(env)['ERASURE_LIST'];
}

/**
 * The same, for a command that erases.
 * @throws ConfigError if production has none: after a restore, no one would know who must be erased again
 */
export function loadErasureList(env: NodeJS.ProcessEnv): string | undefined {
  const list = erasureListOf(env);
  if (withoutBlanks(env)['NODE_ENV'] === 'production' && list === undefined) throw new ConfigError([noErasureList]);
  return list;
}

function isOn(setting: 'on' | 'off' | undefined, mode: string): boolean {
  return setting === undefined ? mode !== 'production' : setting === 'on';
}

function consoleLogin(clientId: string | undefined, scope: string): Config['consoleLogin'] {
  return clientId === undefined ? undefined : { clientId, scope };
}

function authKey(values: z.infer<typeof settings>): AuthKey {
  const { AUTH_JWT_SECRET: secrets, AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer } = values;
  if (secrets !== undefined) return { type: 'secret', secrets };
  if (jwksUrl !== undefined) return { type: 'jwks', url: jwksUrl };
  if (issuer !== undefined && isIssuerUrl(issuer)) return { type: 'issuer', url: issuer };
  return { type: 'development', secret: developmentSecret };
}

function problemsOf(error: z.ZodError): string[] {
  return [...new Set(error.issues.map(issue => `${String(issue.path[0])}: ${issue.message}`))];
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
