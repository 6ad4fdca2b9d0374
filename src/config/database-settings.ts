import { z } from 'zod';
import { postgresServers } from './postgres-servers.ts';

/** How a process connects to PostgreSQL. */
export interface DatabaseConnections {
  /** Maximum number of connections for look-ups by key, and for all other statements. */
  readonly lookUpMax: number;
  readonly queryMax: number;
  /** A pooler may give each transaction another session. */
  readonly pooled: boolean;
  /** Undefined: commits wait until they are on the disk of the server. */
  readonly synchronousCommit: 'on' | 'remote_write' | 'remote_apply' | undefined;
}

export const defaultConnections: DatabaseConnections = {
  lookUpMax: 6,
  queryMax: 10,
  pooled: false,
  synchronousCommit: undefined,
};

const url = z
  .string()
  .refine(text => postgresServers(text).urls.every(isPostgresUrl), {
    error: 'must be a URL like postgresql://user:password@host:5432/database',
    abort: true,
  })
  .refine(text => ['any', 'read-write'].includes(postgresServers(text).target), {
    error: 'allows target_session_attrs=read-write or any, and no other value',
  })
  .refine(text => !namesHostTwice(text), {
    error: 'must not have host= or port= beside several servers: it would be the address of all of them',
  });

const connections = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, { error: 'must be a number of connections, 1 to 9999' })
  .transform(Number);

/** The settings of PostgreSQL, by the name of their environment variable. */
export const databaseSettings = {
  DATABASE_URL: url.optional(),
  DATABASE_MIGRATE_URL: url.optional(),
  DATABASE_POOL_QUERY: connections.default(defaultConnections.queryMax),
  DATABASE_POOL_LOOK_UP: connections.default(defaultConnections.lookUpMax),
  DATABASE_POOLER: z
    .literal('transaction', { error: 'must be transaction, or not set if there is no pooler in transaction mode' })
    .optional(),
  DATABASE_SYNCHRONOUS_COMMIT: z
    .enum(['on', 'remote_write', 'remote_apply'], {
      error: 'must be on, remote_write or remote_apply: with any other value an acknowledged command can be lost',
    })
    .optional(),
};

/** The names of the settings that databaseConnections() uses. */
export const connectionSettings = {
  DATABASE_POOL_QUERY: true,
  DATABASE_POOL_LOOK_UP: true,
  DATABASE_POOLER: true,
  DATABASE_SYNCHRONOUS_COMMIT: true,
} as const;

export function databaseConnections(
  values: Pick<z.infer<z.ZodObject<typeof databaseSettings>>, keyof typeof connectionSettings>,
): DatabaseConnections {
  return {
    queryMax: values.DATABASE_POOL_QUERY,
    lookUpMax: values.DATABASE_POOL_LOOK_UP,
    pooled: values.DATABASE_POOLER !== undefined,
    synchronousCommit: values.DATABASE_SYNCHRONOUS_COMMIT,
  };
}

function namesHostTwice(text: string): boolean {
  const { urls } = postgresServers(text);
  const { searchParams } = new URL(urls[0]);
  return urls.length > 1 && (searchParams.has('host') || searchParams.has('port'));
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol);
}
