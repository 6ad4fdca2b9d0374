import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  defaultLimits,
  developmentSecret,
  loadConfig,
  loadMigrateUrl,
  loadMigration,
} from '../../src/config.ts';
import { settingTypos } from '../../src/config/setting-typos.ts';

const secret = 'k'.repeat(32);
const production = {
  NODE_ENV: 'production',
  AUTH_JWT_SECRET: secret,
  AUTH_ISSUER: 'https://login.example.com',
  AUTH_AUDIENCE: 'orders',
  DATABASE_URL: 'postgresql://user:pass@db.example.com/orders?sslmode=verify-full',
};

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  test('of an empty environment is a laptop’s: embedded, one process, loopback, the development key', () => {
    expect(loadConfig({})).toEqual({
      production: false,
      port: 4000,
      host: '127.0.0.1',
      drainDelaySeconds: 0,
      databaseUrl: undefined,
      databaseConnections: { queryMax: 10, lookUpMax: 6, pooled: false, synchronousCommit: undefined },
      redis: undefined,
      dataDir: '.data',
      erasureList: undefined,
      roles: ['api', 'projector'],
      auth: {
        key: { type: 'development', secret: developmentSecret },
        issuer: undefined,
        audiences: [],
        audience: undefined,
        claims: {
          subject: 'sub',
          customer: 'sub',
          role: 'role',
          roleOfValue: { customer: 'customer', staff: 'staff', operator: 'operator' },
          takesList: false,
          roleOfOthers: undefined,
          audience: 'aud',
        },
      },
      trustedProxies: [],
      corsOrigins: [],
      console: true,
      graphiql: true,
      introspection: true,
      trustedDocuments: { files: [], only: false },
      limits: defaultLimits,
      logLevel: 'info',
      otlpEndpoint: undefined,
    });
  });

  test('accepts every key', () => {
    const env = {
      ...production,
      PORT: '0',
      HOST: '0.0.0.0',
      DRAIN_DELAY: '20',
      DATABASE_POOL_QUERY: '20',
      DATABASE_POOL_LOOK_UP: '1',
      DATABASE_POOLER: 'transaction',
      DATABASE_SYNCHRONOUS_COMMIT: 'remote_apply',
      AUTH_AUDIENCE: 'web, app',
      AUTH_SUBJECT_CLAIM: 'email',
      AUTH_CUSTOMER_CLAIM: 'https://shop.example.com/customer',
      AUTH_ROLE_CLAIM: 'realm_access.roles',
      AUTH_ROLE_MAP: 'shop-admins=operator, Shop Staff = staff,*=customer',
      AUTH_AUDIENCE_CLAIM: 'client_id',
      REDIS_URL: 'rediss://user:word@orders/3',
      REDIS_SENTINELS: 'rediss://:word@one.example.com:26379, rediss://:word@two.example.com',
      REDIS_TLS_CA_FILE: 'ca.pem',
      REDIS_TLS_CERT_FILE: 'client.pem',
      REDIS_TLS_KEY_FILE: 'client.key',
      REDIS_PREFIX: 'shop:staging:',
      DATA_DIR: '/var/lib/orderstream',
      ROLES: 'projector',
      CORS_ORIGINS: 'https://shop.example.com, http://localhost:3000',
      LOG_LEVEL: 'warn',
      CONSOLE: 'on',
      GRAPHIQL: 'on',
      INTROSPECTION: 'on',
      PLAINTEXT_HOSTS: 'redis, postgres',
      TRUSTED_DOCUMENTS: 'shop.json, admin.json',
      TRUSTED_DOCUMENTS_ONLY: 'off',
      LIMIT_BODY_BYTES: '1',
      LIMIT_TOKENS: '2',
      LIMIT_DEPTH: '3',
      LIMIT_ALIASES: '4',
      LIMIT_COST: '5',
      LIMIT_CUSTOMER_RATE: '6',
      LIMIT_STAFF_RATE: '7',
      LIMIT_ADDRESS_RATE: '8',
      TRUSTED_PROXIES: '10.0.0.0/8, fd00::1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    };
    expect(loadConfig(env)).toEqual({
      production: true,
      port: 0,
      host: '0.0.0.0',
      drainDelaySeconds: 20,
      databaseUrl: env.DATABASE_URL,
      databaseConnections: { queryMax: 20, lookUpMax: 1, pooled: true, synchronousCommit: 'remote_apply' },
      redis: {
        urls: ['rediss://user:word@orders/3'],
        sentinels: ['rediss://:word@one.example.com:26379', 'rediss://:word@two.example.com'],
        tlsFiles: { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' },
        prefix: 'shop:staging:',
      },
      dataDir: '/var/lib/orderstream',
      roles: ['projector'],
      auth: {
        key: { type: 'secret', secrets: [secret] },
        issuer: env.AUTH_ISSUER,
        audiences: ['web', 'app'],
        audience: 'web',
        claims: {
          subject: 'email',
          customer: 'https://shop.example.com/customer',
          role: 'realm_access.roles',
          roleOfValue: { 'shop-admins': 'operator', 'Shop Staff': 'staff' },
          takesList: true,
          roleOfOthers: 'customer',
          audience: 'client_id',
        },
      },
      trustedProxies: ['10.0.0.0/8', 'fd00::1'],
      corsOrigins: ['https://shop.example.com', 'http://localhost:3000'],
      console: true,
      graphiql: true,
      introspection: true,
      trustedDocuments: { files: ['shop.json', 'admin.json'], only: false },
      limits: { bodyBytes: 1, tokens: 2, depth: 3, aliases: 4, cost: 5, customerRate: 6, staffRate: 7, addressRate: 8 },
      logLevel: 'warn',
      otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    });
  });

  test('of production waits 5 s for load balancers before it stops, if DRAIN_DELAY does not say otherwise', () => {
    expect(loadConfig(production)).toMatchObject({ drainDelaySeconds: 5 });
    expect(loadConfig({ ...production, DRAIN_DELAY: '0' })).toMatchObject({ drainDelaySeconds: 0 });
  });

  test('of production has no console, no GraphiQL and no introspection by default', () => {
    const none = { console: false, graphiql: false, introspection: false };
    expect(loadConfig(production)).toMatchObject(none);
    const asked = { CONSOLE: 'on', GRAPHIQL: 'on', INTROSPECTION: 'on' };
    const all = { console: true, graphiql: true, introspection: true };
    expect(loadConfig({ ...production, ...asked })).toMatchObject(all);
    expect(loadConfig({})).toMatchObject(all);
  });

  test('with trusted documents only has no GraphiQL, in development either', () => {
    const only = { TRUSTED_DOCUMENTS: 'shop.json', TRUSTED_DOCUMENTS_ONLY: 'on' };
    const trustedDocuments = { files: ['shop.json'], only: true };
    expect(loadConfig(only)).toMatchObject({ graphiql: false, trustedDocuments });
    expect(loadConfig({ ...production, ...only })).toMatchObject({ graphiql: false, trustedDocuments });
  });

  test('with trusted documents only needs no manifest for a server that serves the console alone', () => {
    const only = { CONSOLE: 'on', TRUSTED_DOCUMENTS_ONLY: 'on' };
    expect(problems(only)).toEqual([]);
    expect(problems({ ...only, CONSOLE: 'off' })).toHaveLength(1);
  });

  test.each(['localhost', '127.0.0.1', '[::1]', 'postgres'])('of production allows plain text to %s', host => {
    const DATABASE_URL = `postgresql://user@${host}/orders`;
    expect(problems({ ...production, DATABASE_URL, PLAINTEXT_HOSTS: 'postgres' })).toEqual([]);
  });

  test.each(['0', '-1', 'none', '1.5', '1e9', ''.padEnd(10, '9')])('rejects a limit of %s', value => {
    expect(problems({ LIMIT_COST: value })).toEqual(['LIMIT_COST: must be a whole number above 0']);
  });

  test('treats an empty key as one that is not set', () => {
    expect(loadConfig({ DATABASE_URL: '', PORT: ' ', ROLES: '', AUTH_JWKS_URL: '' })).toEqual(loadConfig({}));
  });

  test('is immutable, including its lists', () => {
    const config = loadConfig({});
    expect(() => (config.roles as string[]).push('other')).toThrow(TypeError);
    expect(() => Object.assign(config.auth, { issuer: 'x' })).toThrow(TypeError);
  });

  test('migrates with the owner’s connection, or otherwise with the serving one', () => {
    const { DATABASE_URL } = production;
    expect(loadMigrateUrl({ DATABASE_URL, NODE_ENV: 'production' })).toBe(DATABASE_URL);
    expect(loadMigrateUrl({ DATABASE_URL, DATABASE_MIGRATE_URL: 'postgres://owner@db/x' })).toBe(
      'postgres://owner@db/x',
    );
    expect(() => loadMigrateUrl({})).toThrow(/^DATABASE_URL: set it; /);
  });

  test('of production migrates through encrypted connections only', () => {
    const DATABASE_MIGRATE_URL = 'postgres://owner@db,db-2/x';
    const env = { NODE_ENV: 'production', DATABASE_URL: 'postgres://serving@db/x', DATABASE_MIGRATE_URL };
    const lines =
      /^DATABASE_URL: add \?sslmode=verify-full: [^\n]+\nDATABASE_MIGRATE_URL: add \?sslmode=verify-full: [^\n]+$/;
    expect(() => loadMigration(env)).toThrow(lines);
    expect(() => loadMigrateUrl(env)).toThrow(lines);
    expect(() => loadMigration({ ...env, PLAINTEXT_HOSTS: 'db, db-2' })).not.toThrow();
    const encrypted = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, `${value}?sslmode=require`]),
    );
    expect(() => loadMigration({ ...encrypted, NODE_ENV: 'production' })).not.toThrow();
  });
});

describe('a start is rejected', () => {
  test('with all problems at once, one line for each key', () => {
    const env = {
      NODE_ENV: 'production',
      PORT: '65536',
      DATABASE_URL: 'mysql://db/orders',
      REDIS_URL: 'http://redis',
      ROLES: 'api,worker',
      AUTH_JWT_SECRET: 'short',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
    };
    expect(problems(env)).toEqual([
      'PORT: must be a port, 0 to 65535',
      'DATABASE_URL: must be a URL like postgresql://user:password@host:5432/database',
      'REDIS_URL: must be a URL like redis://host:6379',
      'ROLES: must be api, projector or api,projector',
      'AUTH_JWT_SECRET: must have 32 bytes or more',
      'CORS_ORIGINS: must be origins like https://shop.example.com, separated by commas',
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent',
      'AUTH_ISSUER: set it to the issuer of your tokens (iss)',
      'AUTH_AUDIENCE: set it to the audience of your tokens (aud)',
    ]);
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['a drain delay of half a second', { DRAIN_DELAY: '0.5' }, 'DRAIN_DELAY: must be a whole number of seconds'],
    ['a drain delay of an hour', { DRAIN_DELAY: '3600' }, 'DRAIN_DELAY: must be a whole number of seconds, 0 to 600'],
    ['a drain delay of 15 minutes', { DRAIN_DELAY: '900' }, 'DRAIN_DELAY: must be a whole number of seconds, 0 to 600'],
    ['a port that is not a number', { PORT: '4e3' }, 'PORT: must be a port'],
    ['a misspelt NODE_ENV', { NODE_ENV: 'prod' }, 'NODE_ENV: must be production, development or test'],
    ['a proxy by name', { TRUSTED_PROXIES: 'proxy.internal' }, 'TRUSTED_PROXIES: must be addresses or subnets'],
    ['a subnet with too many bits', { TRUSTED_PROXIES: '10.0.0.0/33' }, 'TRUSTED_PROXIES: must be addresses'],
    ['a subnet without bits', { TRUSTED_PROXIES: '10.0.0.0/' }, 'TRUSTED_PROXIES: must be addresses'],
    ['an origin with a path', { CORS_ORIGINS: 'https://shop.example.com/' }, 'CORS_ORIGINS: must be origins'],
    [
      'two kinds of key',
      { AUTH_JWT_SECRET: secret, AUTH_JWKS_URL: 'https://a.b/c' },
      'AUTH_JWT_SECRET, AUTH_JWKS_URL:',
    ],
    [
      'the development key as a configured key',
      { AUTH_JWT_SECRET: developmentSecret },
      'AUTH_JWT_SECRET: is the published development key',
    ],
    ['the development key on a public address', { HOST: '0.0.0.0' }, 'HOST: 0.0.0.0 can be reached from outside'],
    [
      'an owner’s database URL and no serving one',
      { DATABASE_MIGRATE_URL: 'postgres://o@h/d' },
      'DATABASE_MIGRATE_URL: set',
    ],
    ['one of the roles without Redis', { ...production, ROLES: 'api' }, 'REDIS_URL: set it'],
    ['one of the roles on an embedded database', { ROLES: 'api', REDIS_URL: 'redis://h' }, 'DATABASE_URL: set it'],
    [
      'a key set over an unencrypted connection',
      { ...production, AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: 'http://a.b/c' },
      'AUTH_JWKS_URL: make it https',
    ],
    [
      'production without a key',
      { ...production, AUTH_JWT_SECRET: undefined, AUTH_ISSUER: 'the shop' },
      'AUTH_JWT_SECRET: set it, 32 bytes',
    ],
    [
      'an issuer that names its keys over an unencrypted connection',
      { ...production, AUTH_JWT_SECRET: undefined, AUTH_ISSUER: 'http://a.b/c' },
      'AUTH_ISSUER: make it https',
    ],
    [
      'the owner’s database URL in production',
      { ...production, DATABASE_MIGRATE_URL: 'postgres://o@localhost/d' },
      'DATABASE_MIGRATE_URL: set it for npm run db:migrate only',
    ],
    ['production without an issuer', { ...production, AUTH_ISSUER: undefined }, 'AUTH_ISSUER: set it'],
    ['production without an audience', { ...production, AUTH_AUDIENCE: undefined }, 'AUTH_AUDIENCE: set it'],
    ['trusted documents only, without a manifest', { TRUSTED_DOCUMENTS_ONLY: 'on' }, 'TRUSTED_DOCUMENTS: set it to'],
    [
      'GraphiQL beside trusted documents only',
      { TRUSTED_DOCUMENTS: 'a.json', TRUSTED_DOCUMENTS_ONLY: 'on', GRAPHIQL: 'on' },
      'GRAPHIQL: set it or TRUSTED_DOCUMENTS_ONLY to off',
    ],
    [
      'a misspelt key of trusted documents',
      { ...production, TRUSTED_DOCUMENTS_MODE: 'strict' },
      'TRUSTED_DOCUMENTS_MODE',
    ],
    ['production on the embedded database', { ...production, DATABASE_URL: undefined }, 'DATABASE_URL: set it'],
  ])('with %s', (_, env, problem) => {
    expect(problems(env)).toEqual([expect.stringMatching(new RegExp(`^${problem}`))]);
  });

  test('in production with the probable name of a misspelt key', () => {
    const noKey = 'LIMIT_COTS: is no key of this program: did you mean LIMIT_COST?';
    expect(problems({ ...production, LIMIT_COTS: '10' })).toEqual([noKey]);
    expect(problems({ ...production, DATABASE_URL: undefined, DATABASE_UL: 'postgres://h/d' })).toEqual([
      expect.stringMatching(/^DATABASE_URL: set it/),
      'DATABASE_UL: is no key of this program: did you mean DATABASE_URL?',
    ]);
  });

  test('but not because of variables that the platform sets for other programs', () => {
    const neighbours = {
      AUTH_SERVICE_HOST: '10.0.0.1',
      AUTH_PORT: 'tcp://10.0.0.1:80',
      AUTH_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    const platforms = { REDIS_TLS_URL: 'rediss://h', DATABASE_PUBLIC_URL: 'postgres://h', AUTHOR: 'me' };
    expect(() => loadConfig({ ...production, ...neighbours, ...platforms })).not.toThrow();
  });

  test('without printing any part of a secret or URL', () => {
    const env = { AUTH_JWT_SECRET: 'hunter2', DATABASE_URL: 'mysql://a:hunter2@h/d', REDIS_URL: 'ftp://:hunter2@h' };
    expect(problems(env)).toHaveLength(3);
    expect(problems(env).join()).not.toContain('hunter2');
  });

  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('but not with the development key on %s', HOST => {
    expect(problems({ HOST })).toEqual([]);
  });

  test('but not in production on one node without Redis', () => {
    expect(problems(production)).toEqual([]);
  });
});

describe('a name that is probably a misspelt key is reported in every mode', () => {
  test.each([
    ['a letter is missing', 'DATABASE_UL', 'DATABASE_URL'],
    ['one letter is too many', 'REDISS_URL', 'REDIS_URL'],
    ['two letters are swapped', 'LOG_LEVLE', 'LOG_LEVEL'],
    ['one letter is another', 'DATABASE_URI', 'DATABASE_URL'],
    ['two mistakes', 'AUTH_JTW_SECERT', 'AUTH_JWT_SECRET'],
    ['a short name', 'POTR', 'PORT'],
    ['in small letters', 'database_url', 'DATABASE_URL'],
    ['a key of simulate only', 'STAF_TOKEN', 'STAFF_TOKEN'],
  ])('%s', (_what, name, meant) => {
    for (const NODE_ENV of ['development', 'production', undefined]) {
      expect(settingTypos({ NODE_ENV, [name]: 'x' })).toEqual([
        `${name}: is no key of this program: did you mean ${meant}?`,
      ]);
    }
  });

  test('a name with a prefix that only our keys have', () => {
    const line = 'LIMIT_FRAMES: is no key of this program: docs/configuration.md lists all keys';
    expect(settingTypos({ LIMIT_FRAMES: '5' })).toEqual([line]);
  });

  test('but not a key, a name of another program, or one beside the key itself', () => {
    const known = { PORT: '1', DATABASE_URL: 'x', DATABASE_MIGRATE_URL: 'x', LIMIT_COST: '5' };
    const others = {
      HOME: '/',
      HOSTNAME: 'h',
      SORT: 'x',
      POSTGRES_URL: 'x',
      REDIS_TLS_URL: 'x',
      REDIS_PORT: 'tcp://h:1',
    };
    expect(settingTypos({ ...known, ...others, DATABASE_URI: 'x', LIMIT_PORT: 'tcp://10.0.0.1:80' })).toEqual([]);
  });
});

describe('settings of Redis that cannot be used are reported in one line, without a password', () => {
  const url = 'redis://:hunter2@h';
  test.each<[NodeJS.ProcessEnv, string]>([
    [{ REDIS_URL: `${url}/abc` }, 'REDIS_URL: its path must be the number of a database, like redis://host:6379/0'],
    [{ REDIS_URL: `${url}/0/1` }, 'REDIS_URL: its path must be the number of a database, like redis://host:6379/0'],
    [{ REDIS_URL: 'redis://:hunter2%zz@h' }, 'REDIS_URL: its user and password must be percent-encoded'],
    [{ REDIS_URL: `${url}?retryStrategy=1` }, 'REDIS_URL: allows only the parameter ?family=4 or ?family=6'],
    [{ REDIS_URL: 'http://:hunter2@h' }, 'REDIS_URL: must be a URL like redis://host:6379'],
    [{ REDIS_URL: `${url},i:6380` }, 'REDIS_URL: must be a URL like redis://host:6379'],
    [{ REDIS_URL: `${url},http://i` }, 'REDIS_URL: must be a URL like redis://host:6379'],
    [{ REDIS_URL: `${url},redis://i` }, 'REDIS_URL: the URLs of a cluster must differ in host and port only'],
    [{ REDIS_URL: `${url}/1,redis://:hunter2@i/1` }, 'REDIS_URL: a cluster has no database except 0'],
    [{ REDIS_SENTINELS: 'redis://s' }, 'REDIS_SENTINELS: set REDIS_URL too, or neither'],
    [{ REDIS_PREFIX: 'shop:' }, 'REDIS_PREFIX: set REDIS_URL too, or neither'],
    [
      { REDIS_URL: `${url},redis://:hunter2@i`, REDIS_SENTINELS: 'redis://s' },
      'REDIS_URL: with REDIS_SENTINELS it must be one URL, whose host is the name of the master',
    ],
    [{ REDIS_URL: url, REDIS_SENTINELS: 's:26379' }, 'REDIS_SENTINELS: must be a URL like redis://sentinel-1:26379'],
    [
      { REDIS_URL: url, REDIS_SENTINELS: 'redis://s/orders' },
      'REDIS_SENTINELS: must have no path and no parameter: the name of the master is the host in REDIS_URL',
    ],
    [
      { REDIS_URL: url, REDIS_SENTINELS: 'redis://:hunter2@s,redis://t' },
      'REDIS_SENTINELS: the URLs must differ in host and port only',
    ],
    [{ REDIS_URL: url, REDIS_PREFIX: '{shop}' }, 'REDIS_PREFIX: must be 1 to 64 letters, digits, and any of _ . : -'],
    [
      { REDIS_URL: url, REDIS_TLS_CA_FILE: 'ca.pem' },
      'REDIS_TLS_CA_FILE: make REDIS_URL rediss://, or do not set it: the connection has no TLS',
    ],
    [
      { REDIS_URL: 'rediss://h', REDIS_TLS_KEY_FILE: 'client.key' },
      'REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE: set both or neither',
    ],
    [
      { ...production, REDIS_URL: 'rediss://a,rediss://b', REDIS_TLS_KEY_FILE: 'k', REDIS_TLS_CERTS_FILE: 'c' },
      'REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE: set both or neither\nREDIS_TLS_CERTS_FILE: is no key of this program: did you mean REDIS_TLS_CERT_FILE?',
    ],
    [
      { ...production, REDIS_URL: 'rediss://orders', REDIS_SENTINELS: 'redis://s' },
      'REDIS_SENTINELS: make it rediss://: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS',
    ],
    [
      { ...production, REDIS_URL: 'redis://orders', REDIS_SENTINELS: 'rediss://s' },
      'REDIS_URL: make it rediss://: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS',
    ],
  ])('%j', (env, lines) => {
    expect(() => loadConfig(env)).toThrow(new ConfigError(lines.split('\n')));
  });
});

test.each([
  'redis://h',
  'redis://h/',
  'redis://h/3',
  'rediss://user:a%2Fb@h:6380/15?family=6',
  'redis://[::1]:6379',
  'redis://:a,b@h',
])('a REDIS_URL is accepted: %s', url => {
  expect(loadConfig({ REDIS_URL: url }).redis?.urls).toEqual([url]);
});

test('a REDIS_URL may be several URLs, of the nodes of one cluster', () => {
  const REDIS_URL = 'redis://:a,b@h:6379/0, redis://:a,b@i:6380';
  expect(loadConfig({ REDIS_URL }).redis?.urls).toEqual(['redis://:a,b@h:6379/0', 'redis://:a,b@i:6380']);
});
