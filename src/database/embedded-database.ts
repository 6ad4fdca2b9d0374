import { rename, rm, stat } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import type { IsolationLevel, SqlDriverAdapterFactory, Transaction } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { sessionSettings } from './session-settings.ts';
import { StartError } from '../start-error.ts';

/**
 * Opens PostgreSQL in this process, its files in the folder, which it makes where it is missing. It survives this
 * process's death but not the machine's: it never waits for the disk.
 * @param path nobody else may have it open
 * @throws StartError where what is there can't be opened
 */
export async function openEmbedded(path: string): Promise<PGlite> {
  try {
    if (!(await exists(path))) await create(path);
    const client = await PGlite.create({ dataDir: path });
    // It has one session for as long as it is open.
    for (const [name, value] of sessionSettings) await client.query(`SELECT set_config($1, $2, false)`, [name, value]);
    return client;
  } catch (error) {
    throw new StartError(
      `DATA_DIR: the database in ${path} can't be opened (${String(error).replaceAll(/\s+/g, ' ')}): restore it, or set DATA_DIR to another folder`,
      { cause: error },
    );
  }
}

/** Made beside its place and moved there once whole: a start that was killed half-way must not leave half a database. */
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
 * The package's own adapter, but for its transactions: those say "committed" where COMMIT failed, and set the isolation
 * level before the transaction that it was meant for.
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
      // Its queries ask for nothing that a transaction of PGlite has not.
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
    ended.catch(reject); // once it has begun, commit() is who hears of it
  });
}
