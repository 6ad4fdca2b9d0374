import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

/** One session of a database: what runs here and what the adapter sends share its transaction and its locks. */
export interface Session {
  readonly adapter: SqlMigrationAwareDriverAdapterFactory;
  /** Sends a script, of one statement or many, as it is. */
  run(script: string): Promise<unknown>;
}

/** Prisma's schema engine, the one behind its command line, in this process. Free it after use. */
export async function openSchemaEngine(session: Session): Promise<bindings.SchemaEngine> {
  await (loaded ??= loadEngine());
  const { adapter } = session;
  const whole = async (open: Promise<SqlDriverAdapter>): Promise<SqlDriverAdapter> =>
    // The adapters' own executeScript cuts functions at their semicolons (pg), or does not wait (PGlite).
    Object.assign(await open, {
      executeScript: async (script: string) => {
        await session.run(script);
      },
    });
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    connect: () => whole(adapter.connect()),
    connectToShadowDb: () => adapter.connectToShadowDb(),
  };
  return bindings.SchemaEngine.new(
    { datamodels: undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

let loaded: Promise<void> | undefined;

async function loadEngine(): Promise<void> {
  // The package's own entry imports the .wasm file, which Node does only behind a flag.
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(path.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withoutHeldTimers() });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/**
 * The engine limits each wait for a lock by a timer of ten seconds, which it never clears. Unless those timers are unref'd,
 * every process that has migrated lives ten seconds longer than its work. The engine's waits themselves keep the process
 * alive: each is for an answer of the database.
 */
function withoutHeldTimers(): object {
  const setTimer = Object.keys(bindings).filter(name => name.startsWith('__wbg_setTimeout_'));
  const unrefed = (call: () => void, ms: number) => setTimeout(call, ms >>> 0).unref();
  return { ...bindings, ...Object.fromEntries(setTimer.map(name => [name, unrefed])) };
}

// TypeScript knows it from the browser's library alone, which would bring `window` and the like along.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
};
