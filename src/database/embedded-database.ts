import { rename, rm, stat } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import type { IsolationLevel, SqlDriverAdapterFactory, Transaction } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { sessionSettings } from './session-settings.ts';
import { StartError } from '../start-error.ts';

/**
 * Opens PostgreSQL in this process, with its files in the folder, which is created if it is missing. The data
 * survives a crash of the process but not of the machine, because the database never waits for the disk.
 * @param path a folder that no other process has open
 * @throws StartError if the files can't be opened
 */
export async function openEmbedded(path: string): Promise<PGlite> {
  try {
    if (!(await exists(path))) await create(path);
    const client = await PGlite.create({ dataDir: path });
    // The database has a single session for as long as it is open.
    for (const [name, value] of sessionSettings) await client.query(`SELECT set_config($1, $2, false)`, [name, value]);
    return client;
  } catch (error) {
    throw new StartError(
      `DATA_DIR: the database in ${path} can't be opened (${String(error).replaceAll(/\s+/g, ' ')}): restore it, or set DATA_DIR to another folder`,
      { cause: error },
    );
  }
}

/**
 * Creates the database in another folder and renames that at the end. If the start is killed, it leaves no incomplete
 * database.
 */
async function create(path: string): Promise<void> {
  const unfinished = `${path}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await (await PGlite.create({ dataDir: unfinished })).close();
  await rename(unfinished, path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The adapter of the package with other transactions: the package's own report "committed" if COMMIT failed, and set
 * the isolation level before the transaction starts instead of inside it.
 */
export function embeddedAdapter(client: PGlite): SqlDriverAdapterFactory {
  const factory = new PrismaPGlite(client);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () =>
      Object.assign(await factory.connect(), {
        startTransaction: (isolationLevel?: IsolationLevel) => startTransaction(client, isolationLevel),
      }),
  };
}

function startTransaction(client: PGlite, isolationLevel: IsolationLevel | undefined): Promise<Transaction> {
  return new Promise((resolve, reject) => {
    const ended = client.transaction(async transaction => {
      if (isolationLevel !== undefined) await transaction.exec(`SET TRANSACTION ISOLATION LEVEL ${isolationLevel}`);
      // The queries of a transaction only use functions that PGlite's transactions have.
      const inside = await new PrismaPGlite(transaction as unknown as PGlite).connect();
      await new Promise<void>(end => {
        resolve({
          provider: inside.provider,
          adapterName: inside.adapterName,
          options: { usePhantomQuery: true }, // BEGIN and COMMIT are sent by PGlite, not by Prisma
          queryRaw: query => inside.queryRaw(query),
          executeRaw: query => inside.executeRaw(query),
          commit: async () => {
            end();
            await ended;
          },
          rollback: async () => {
            await transaction.rollback();
            end();
            await ended;
          },
        });
      });
    });
    ended.catch(reject); // once the transaction has started, commit() rejects with this error
  });
}
