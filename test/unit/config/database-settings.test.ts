import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { postgresServers } from '../../../src/config/postgres-servers.ts';

describe('a URL with several servers', () => {
  test('is split into URLs that differ in host and port only', () => {
    expect(postgresServers('postgresql://me:p,w@a:5433,[::1]:5434,c.example.com/orders?sslmode=require')).toEqual({
      urls: [
        'postgresql://me:p,w@a:5433/orders?sslmode=require',
        'postgresql://me:p,w@[::1]:5434/orders?sslmode=require',
        'postgresql://me:p,w@c.example.com/orders?sslmode=require',
      ],
      target: 'any',
    });
    expect(postgresServers('postgresql://a,b/orders?target_session_attrs=read-write')).toEqual({
      urls: ['postgresql://a/orders', 'postgresql://b/orders'],
      target: 'read-write',
    });
  });

  test.each(['postgresql://me:p%40w@h:5432/d?options=-c%20geqo%3Doff', 'postgresql:///d?host=/run/postgresql'])(
    'or with one server stays as it is: %s',
    url => {
      expect(postgresServers(url)).toEqual({ urls: [url], target: 'any' });
      expect(loadConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
    },
  );

  test('may need TLS for each of them', () => {
    const production = {
      NODE_ENV: 'production',
      AUTH_JWT_SECRET: 's'.repeat(32),
      AUTH_ISSUER: 'https://login.example.com',
      AUTH_AUDIENCE: 'orders',
    };
    const DATABASE_URL = 'postgresql://me@127.0.0.1:1,db.example.com:2/orders';
    expect(() => loadConfig({ ...production, DATABASE_URL })).toThrow(/^DATABASE_URL: add \?sslmode=verify-full: /);
    expect(() => loadConfig({ ...production, DATABASE_URL, PLAINTEXT_HOSTS: 'db.example.com' })).not.toThrow();
  });
});

const DATABASE_URL = 'postgresql://h/d';

test.each([
  [{ DATABASE_URL: 'postgresql://a:x,b/orders' }, 'DATABASE_URL: must be a URL like postgresql://'],
  [{ DATABASE_URL: 'postgresql://a,b/d?target_session_attrs=standby' }, 'DATABASE_URL: allows target_session_attrs='],
  [{ DATABASE_URL: 'postgresql://a,b/d?host=/run/postgresql' }, 'DATABASE_URL: must not have host= or port= beside'],
  [{ DATABASE_URL: 'postgresql://a,b/d?port=5433' }, 'DATABASE_URL: must not have host= or port= beside'],
  [{ DATABASE_URL, DATABASE_POOL_QUERY: '0' }, 'DATABASE_POOL_QUERY: must be a number of connections, 1 to 9999'],
  [{ DATABASE_URL, DATABASE_POOL_LOOK_UP: '-1' }, 'DATABASE_POOL_LOOK_UP: must be a number of connections, 1 to 9999'],
  [{ DATABASE_URL, DATABASE_POOLER: 'session' }, 'DATABASE_POOLER: must be transaction'],
  [
    { DATABASE_URL, DATABASE_SYNCHRONOUS_COMMIT: 'off' },
    'DATABASE_SYNCHRONOUS_COMMIT: must be on, remote_write or remote_apply',
  ],
  [
    { DATABASE_URL, DATABASE_SYNCHRONOUS_COMMIT: 'local' },
    'DATABASE_SYNCHRONOUS_COMMIT: must be on, remote_write or remote_apply',
  ],
  [{ DATABASE_POOLER: 'transaction' }, 'DATABASE_POOLER: set DATABASE_URL too, or neither'],
])('%j is refused with a line', (env, line) => {
  expect(() => loadConfig(env)).toThrow(new RegExp(`^${line}[^\n]*$`));
});
