import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/redis-settings.ts';
import { StartError } from '../start-error.ts';

/** Where Redis is. */
export interface RedisLocation {
  /** One of them is used at a time. With sentinels there is one, which names the sentinels. */
  readonly nodes: readonly [RedisOptions, ...RedisOptions[]];
  /** The start of each key and channel. */
  readonly prefix: string;
}

/** @throws StartError if a file of the configuration cannot be used */
export async function locateRedis({ urls, sentinels, tlsFiles, prefix }: RedisConfig): Promise<RedisLocation> {
  const tls = await readTlsFiles(tlsFiles);
  const [first, ...others] = urls.map(text =>
    sentinels.length === 0 ? serverAt(text, tls) : masterOf(text, sentinels, tls),
  );
  if (first === undefined) throw new Error('no URL of Redis');
  return { nodes: [first, ...others], prefix };
}

function serverAt(text: string, tls: SecureContextOptions): RedisOptions {
  return { ...addressIn(text, 6379), ...accessIn(text, tls) };
}

/** The master that sentinels know by the name that is the host of the URL. */
function masterOf(text: string, sentinels: readonly string[], tls: SecureContextOptions): RedisOptions {
  const { username, password, tls: sentinelTls } = accessIn(sentinels[0] ?? '', tls);
  return {
    ...accessIn(text, tls),
    name: new URL(text).hostname,
    sentinels: sentinels.map(sentinel => addressIn(sentinel, 26379)),
    enableTLSForSentinelMode: text.startsWith('rediss:'),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(sentinelTls && { sentinelTLS: sentinelTls }),
  };
}

function addressIn(text: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(text);
  return { host: hostname.replace(/^\[|\]$/g, '') || 'localhost', port: Number(port || defaultPort) };
}

/** What a URL says beside host and port. */
function accessIn(text: string, tls: SecureContextOptions): RedisOptions {
  const { protocol, username, password, pathname, searchParams } = new URL(text);
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1)),
    family: Number(searchParams.get('family')),
    ...(protocol === 'rediss:' && { tls }),
  };
}

async function readTlsFiles(files: RedisConfig['tlsFiles']): Promise<SecureContextOptions> {
  const tls: SecureContextOptions = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    const path = files[part];
    if (path === undefined) continue;
    const setting = `REDIS_TLS_${part.toUpperCase()}_FILE`;
    try {
      const content = await readFile(path, 'utf8');
      if (part !== 'key') new X509Certificate(content); // Node itself ignores an authority that it cannot read
      tls[part] = content;
      createSecureContext(tls); // a key is checked together with its certificate
    } catch (error) {
      throw new StartError(`${setting}: ${path} cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }
  return tls;
}
