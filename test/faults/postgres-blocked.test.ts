import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate } from '../../src/database/migrations.ts';
import { codesOf } from '../support/codes-of.ts';
import { eventually } from '../support/eventually.ts';
import { noteOpen } from '../support/left-open.ts';
import { post } from '../support/post.ts';
import { type PostgresServer, startPostgres } from '../support/private-postgres.ts';
import { describeWithRedis } from '../support/redis.ts';
import { staffToken } from '../support/tokens.ts';
import { openWorld, type Trouble } from './world.ts';

/** The lock that append_events() holds from its first statement on; see the migration. */
const appendLock = 'pg_advisory_xact_lock(1330795588, 1)';

/** Maximum time until a process meets the obstacle, ms: seconds if nothing else runs. */
const meetTimeoutMs = 60_000;

/** Waits until a process waits for this session's lock, and then requests the lock which that process holds. */
const crossed = (query: string) => `DO $$ BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
  PERFORM ${query};
END $$`;

describeWithRedis('PostgreSQL that refuses under load', () => {
  test('lock timeouts, statement timeouts and deadlocks, of appends and of batches: no acknowledged command is lost or doubled, views converge, and /readyz reports the truth', async () => {
    // Settings that an operator may choose. The first process of each role meets lock timeouts, the second one
    // statement timeouts.
    const limits = (name: string) => (name.endsWith('1') ? 'lock_timeout=900' : 'statement_timeout=1200');
    const postgres = await startPostgres({ log_line_prefix: '%e ', deadlock_timeout: '300ms' });
    await migrate(postgres.url);
    const world = await openWorld({ database: postgres.url, databaseLimits: limits });
    const { members, apis } = world;

    let holder: pg.Client;
    const hold = async (...statements: string[]): Promise<void> => {
      holder = await connected(postgres.url);
      // Every other participant of the deadlock is to be the victim.
      await holder.query(`SET deadlock_timeout = '1h'; BEGIN`);
      for (const statement of statements) await holder.query(statement);
    };
    const release = () => holder.end();
    const refused = (name: string, sqlState: string, more: Pick<Trouble, 'begin' | 'lasts'> & Partial<Trouble>) => {
      const before = refusals(postgres, sqlState);
      return world.meet({
        name: `${name} (${sqlState})`,
        end: release,
        bites: () => refusals(postgres, sqlState) - before,
        ...more,
      });
    };

    /** Number of lock timeouts and statement timeouts. */
    const untilBothMore = () => {
      const before = ['55P03', '57014'].map(state => [state, refusals(postgres, state)] as const);
      return eventually(() => {
        for (const [state, count] of before) expect(refusals(postgres, state)).toBeGreaterThan(count);
      }, meetTimeoutMs);
    };

    await refused('the log is locked', '55P03', {
      begin: () => hold(`SELECT ${appendLock}`),
      lasts: untilBothMore,
      storesOn: false,
      said: [{ of: members, is: 'serving' }],
    });

    // The active projector meets it, and the other one after it takes over.
    await refused('the views are locked', '55P03', {
      begin: () => hold('SELECT FROM checkpoints FOR UPDATE'),
      lasts: untilBothMore,
      said: [{ of: members, is: 'serving' }],
    });

    // A reader meets it: the response asks it to retry, and does not report a broken server.
    await refused('a view’s table is locked', '55P03', {
      begin: () => hold('LOCK TABLE order_view IN ACCESS EXCLUSIVE MODE'),
      lasts: async () => {
        const asked = apis.map(async ({ app }) => {
          return codesOf(await post(app.url, '{ orders { position } }', {}, { token: await staffToken() }));
        });
        expect(await Promise.all(asked)).toEqual([['UNAVAILABLE'], ['UNAVAILABLE']]);
      },
      said: [{ of: members, is: 'serving' }],
    });

    // A command reads the keys of its customers: it retries until it succeeds.
    await refused('customers’ keys are locked', '55P03', {
      begin: () => hold('LOCK TABLE customer_keys IN ACCESS EXCLUSIVE MODE'),
      lasts: untilBothMore,
      storesOn: false,
      said: [{ of: members, is: 'serving' }],
    });

    for (const [name, held, wanted] of [
      ['an append in a deadlock', 'LOCK TABLE events IN SHARE MODE', appendLock],
      ['a batch in a deadlock', 'SELECT FROM order_view FOR UPDATE', 'FROM checkpoints FOR UPDATE'],
    ] as const) {
      const before = refusals(postgres, '40P01');
      await refused(name, '40P01', {
        begin: async () => {
          await hold(held);
          void holder.query(crossed(wanted)).catch(() => undefined);
        },
        lasts: () => eventually(() => expect(refusals(postgres, '40P01')).toBeGreaterThan(before), meetTimeoutMs),
        storesOn: false,
        said: [{ of: members, is: 'serving' }],
      });
    }
    await world.close();
    await postgres.remove();
  });
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const note = noteOpen('a holder of locks', () => client.end());
  client.on('end', note.closed);
  return client;
}

/** Number of statements that the server rejected this way, from its log. */
function refusals(postgres: PostgresServer, sqlState: string): number {
  return postgres
    .log()
    .split('\n')
    .filter(line => line.startsWith(`${sqlState} ERROR`)).length;
}
