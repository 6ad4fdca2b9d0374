import type { Command } from './commands.ts';
import type { CommandError } from './command-inputs.ts';
import type { Data } from './data.ts';

/** A command that was handed back without a result of the API, e.g. with the code `FORBIDDEN`. */
export interface FailedCommand {
  readonly __typename: 'OperationError';
  /** An error code of the API. After `INTERNAL` the command may have been stored. */
  readonly code: string;
  readonly message: string;
}

/** A command in the queue. It keeps its idempotency key until it is answered. */
export interface QueuedCommand extends Command {
  /** Later commands have greater numbers. */
  readonly id: number;
  /** The viewer with whose token it is sent. */
  readonly viewer: string;
  readonly addedAtMs: number;
  readonly optimistic?: Data;
}

export interface RefusedCommand extends QueuedCommand {
  readonly error: CommandError | FailedCommand;
}

/** Commands on disk. Each method is one transaction. */
export interface CommandStorage {
  /** @returns the id */
  add(command: Omit<QueuedCommand, 'id'>): Promise<number>;
  /** The viewer's commands, oldest first; those that were refused too. */
  list(viewer: string): Promise<(QueuedCommand | RefusedCommand)[]>;
  refuse(id: number, error: RefusedCommand['error']): Promise<void>;
  remove(id: number): Promise<void>;
  close(): void;
}

const storeName = 'commands';

/** @throws Error if there is no IndexedDB, as in some private windows */
export async function openCommandStorage(name: string): Promise<CommandStorage> {
  let database: Promise<IDBDatabase> | undefined;

  function connect(): Promise<IDBDatabase> {
    database ??= openDatabase(name, () => {
      database = undefined;
    });
    return database;
  }

  async function transact<Result>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    const connected = await connect();
    return new Promise((resolve, reject) => {
      // Strict: a command that was added survives a crash of the machine too.
      const transaction = connected.transaction(storeName, mode, { durability: 'strict' });
      const request = act(transaction.objectStore(storeName));
      transaction.oncomplete = () => {
        resolve(request.result);
      };
      transaction.onabort = () => {
        reject(transaction.error ?? new Error('The browser ended the transaction.'));
      };
    });
  }

  await connect().catch((cause: unknown) => {
    throw new Error('The command queue needs IndexedDB, which this browser window does not offer.', { cause });
  });
  return {
    add: command => transact('readwrite', store => store.add(command) as IDBRequest<number>),
    list: viewer => transact('readonly', store => store.index('viewer').getAll(viewer)),
    async refuse(id, error) {
      await transact('readwrite', store => {
        const stored = store.get(id) as IDBRequest<QueuedCommand | undefined>;
        stored.onsuccess = () => {
          if (stored.result) store.put({ ...stored.result, error });
        };
        return stored;
      });
    },
    remove: id => transact('readwrite', store => store.delete(id)),
    close() {
      void database?.then(connected => {
        connected.close();
      });
    },
  };
}

/** @param onClose the connection is lost; the next transaction needs a new one */
function openDatabase(name: string, onClose: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(storeName, { keyPath: 'id', autoIncrement: true });
      store.createIndex('viewer', 'viewer');
    };
    request.onerror = () => {
      onClose();
      reject(request.error ?? new Error('The browser did not open the database.'));
    };
    request.onsuccess = () => {
      const connected = request.result;
      connected.onclose = onClose;
      // The user deletes the data of the site: that must not wait for this tab.
      connected.onversionchange = () => {
        connected.close();
        onClose();
      };
      resolve(connected);
    };
  });
}
