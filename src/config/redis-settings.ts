import { z } from 'zod';

/** How Redis is reached. */
export interface RedisConfig {
  /**
   * One server, or nodes of one cluster. With sentinels: one URL, whose host is the name of the master. Its user,
   * password and database are those of the master.
   */
  readonly urls: readonly string[];
  /** Empty: the servers are at `urls`. */
  readonly sentinels: readonly string[];
  /** Paths of PEM files. */
  readonly tlsFiles: {
    /** Undefined: the authorities that Node trusts. */
    readonly ca: string | undefined;
    /** Certificate and key of this client; undefined: it has none. */
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  /** The start of each key and channel: environments that share a Redis have different ones. */
  readonly prefix: string;
}

/** A comma inside of a password separates nothing. */
const urls = z.string().transform(text => text.split(/\s*,\s*(?=[a-z]+:\/\/)/));

const url = (example: string) =>
  z
    .url({ protocol: /^rediss?$/, hostname: /^[^,]*$/, error: `must be a URL like ${example}`, abort: true })
    .refine(hasReadableCredentials, { error: 'its user and password must be percent-encoded' });

const server = url('redis://host:6379')
  .refine(text => /^\/?\d{0,9}$/.test(new URL(text).pathname), {
    error: 'its path must be the number of a database, like redis://host:6379/0',
  })
  // Other parameters are not read, and would be ignored silently.
  .refine(text => /^(?:\?family=[046])?$/.test(new URL(text).search), {
    error: 'allows only the parameter ?family=4 or ?family=6',
  });

const sentinel = url('redis://sentinel-1:26379').refine(
  text => ['', '/'].includes(new URL(text).pathname) && new URL(text).search === '',
  { error: 'must have no path and no parameter: the name of the master is the host in REDIS_URL' },
);

/** Its servers are used in turn, so only their addresses may differ. */
const alike = (texts: readonly string[]): boolean =>
  new Set(
    texts.map(text => {
      const { protocol, username, password, pathname } = new URL(text);
      return [protocol, username, password, Number(pathname.slice(1))].join(' ');
    }),
  ).size === 1;

/** The settings of Redis, by the name of their environment variable. */
export const redisSettings = {
  REDIS_URL: urls
    .pipe(z.array(server))
    .refine(alike, { error: 'the URLs of a cluster must differ in host and port only' })
    .refine(([first = '', ...more]) => more.length === 0 || /^\/?0*$/.test(new URL(first).pathname), {
      error: 'a cluster has no database except 0',
    })
    .optional(),
  REDIS_SENTINELS: urls
    .pipe(z.array(sentinel))
    .refine(alike, { error: 'the URLs must differ in host and port only' })
    .default([]),
  REDIS_TLS_CA_FILE: z.string().optional(),
  REDIS_TLS_CERT_FILE: z.string().optional(),
  REDIS_TLS_KEY_FILE: z.string().optional(),
  REDIS_PREFIX: z
    .string()
    // Braces would decide which node of a cluster has a key.
    .regex(/^[\w.:-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, and any of _ . : -' })
    .default('orderstream:'),
};

/** @returns undefined if there is no Redis */
export function redisConfig(values: z.infer<z.ZodObject<typeof redisSettings>>): RedisConfig | undefined {
  if (values.REDIS_URL === undefined) return undefined;
  return {
    urls: values.REDIS_URL,
    sentinels: values.REDIS_SENTINELS,
    tlsFiles: { ca: values.REDIS_TLS_CA_FILE, cert: values.REDIS_TLS_CERT_FILE, key: values.REDIS_TLS_KEY_FILE },
    prefix: values.REDIS_PREFIX,
  };
}

/** Contradictions between the settings of Redis, one per line. It uses the raw values, valid or not. */
export function redisContradictions(raw: Readonly<Record<string, string>>): string[] {
  const { REDIS_URL, ...others } = Object.fromEntries(Object.keys(redisSettings).map(name => [name, raw[name]]));
  const given = Object.keys(others).filter(name => others[name] !== undefined);
  if (REDIS_URL === undefined) {
    // Its file is reported by its own line.
    return raw['REDIS_URL_FILE'] === undefined ? given.map(name => `${name}: set REDIS_URL too, or neither`) : [];
  }
  const problems: string[] = [];
  const servers = serverUrls(REDIS_URL);
  if (servers.length > 1 && given.includes('REDIS_SENTINELS')) {
    problems.push('REDIS_URL: with REDIS_SENTINELS it must be one URL, whose host is the name of the master');
  }
  const hasTls = servers.concat(serverUrls(raw['REDIS_SENTINELS'])).some(text => text.startsWith('rediss:'));
  for (const name of given.filter(name => name.startsWith('REDIS_TLS_') && !hasTls)) {
    problems.push(`${name}: make REDIS_URL rediss://, or do not set it: the connection has no TLS`);
  }
  if (given.includes('REDIS_TLS_CERT_FILE') !== given.includes('REDIS_TLS_KEY_FILE')) {
    problems.push('REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE: set both or neither');
  }
  return problems;
}

/** The URLs in a value of REDIS_URL or REDIS_SENTINELS, valid or not. */
export function serverUrls(text = ''): string[] {
  return urls.parse(text);
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
