import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { onFreePort } from '../support/free-port.ts';
import { databaseUrl, onDatabase } from '../support/on-database.ts';
import { fillDatabase, type Seed } from './seed.ts';

/** The servers of a run. */
export interface WorldServers {
  readonly adminUrl: string;
  /** Name of a migrated database. */
  readonly template: string;
  readonly redisUrl: string;
}

/** A database with orders, and the node that serves it. */
export interface World {
  readonly seed: Seed;
  readonly databaseUrl: string;
  /** URL of the node that serves now. */
  readonly url: string;
  readonly node: SpawnedApp;
  /** Starts another node, which serves from now on. */
  startAnother(): Promise<void>;
  /** Starts the node again, which has ended. */
  startAgain(): Promise<void>;
  /** Serves another log from now on, which has only its beginning in common with the present one. */
  replaceLog(): Promise<void>;
  close(): Promise<void>;
}

const generous = Object.fromEntries(
  ['CUSTOMER_RATE', 'STAFF_RATE', 'ADDRESS_RATE', 'COST'].map(name => [`LIMIT_${name}`, '1000000']),
);

/** @param name a word for the names of its databases */
export async function openWorld({ adminUrl, template, redisUrl }: WorldServers, name: string): Promise<World> {
  const seeded = `${template}_${name}`;
  const databases: string[] = [];

  async function copy(from: string, to: string): Promise<string> {
    await onDatabase(adminUrl, client => client.query(`create database ${to} template ${from} strategy file_copy`));
    databases.push(to);
    return databaseUrl(adminUrl, to);
  }
  async function start(url: string, PORT: string): Promise<SpawnedApp> {
    return spawnApp({ ...generous, DATABASE_URL: url, REDIS_URL: redisUrl, PORT, LOG_LEVEL: 'warn' });
  }
  async function startAnywhere(url: string): Promise<SpawnedApp> {
    const { opened } = await onFreePort(port => start(url, `${port}`), /is taken on/);
    return opened;
  }

  const seed = await fillDatabase(await copy(template, seeded));
  let current = await copy(seeded, `${seeded}_1`);
  let node = await startAnywhere(current);
  return {
    seed,
    get databaseUrl() {
      return current;
    },
    get url() {
      return node.url;
    },
    get node() {
      return node;
    },
    startAnother: async () => {
      node = await startAnywhere(current);
    },
    startAgain: async () => {
      node = await start(current, new URL(node.url).port);
    },
    replaceLog: async () => {
      const old = node;
      current = await copy(seeded, `${seeded}_${databases.length}`);
      node = await startAnywhere(current);
      await old.stop();
    },
    close: async () => {
      await node.kill('SIGKILL');
      await onDatabase(adminUrl, async client => {
        for (const database of databases) await client.query(`drop database if exists ${database} with (force)`);
      });
    },
  };
}
