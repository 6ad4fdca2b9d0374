import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

/** One session of a database: `run` and the adapter use the same transaction and the same locks. */
export interface Session {
  readonly adapter: SqlMigrationAwareDriverAdapterFactory;
  /** Sends a script of one or more statements unchanged. */
  run(script: string): Promise<unknown>;
}

/** Prisma's schema engine (the one of its command line), in this process. Call free() after use. */
export async function openSchemaEngine(session: Session): Promise<bindings.SchemaEngine> {
  await (loaded ??= loadEngine());
  const { adapter } = session;
  const whole = async (open: Promise<SqlDriverAdapter>): Promise<SqlDriverAdapter> =>
    // The executeScript of the adapters splits functions at their semicolons (pg), or does not wait (PGlite).
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
  // The package's own entry point imports the .wasm file, which Node only supports behind a flag.
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(path.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withoutHeldTimers() });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/**
 * The engine limits each wait for a lock by a timer of ten seconds, and never clears it. Without unref(), every
 * process that has migrated would live ten seconds longer than its work. The process stays alive during the waits
 * themselves, because each of them is for a response of the database.
 */
function withoutHeldTimers(): object {
  const setTimer = Object.keys(bindings).filter(name => name.startsWith('__wbg_setTimeout_'));
  const unrefed = (call: () => void, ms: number) => setTimeout(call, ms >>> 0).unref();
  return { ...bindings, ...Object.fromEntries(setTimer.map(name => [name, unrefed])) };
}

// TypeScript declares WebAssembly only in the library for browsers, which would also declare `window` and others.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
};
