import { readFile } from 'node:fs/promises';
import type { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { openSchemaEngine } from '../../src/database/prisma-schema-engine.ts';

const path = new URL('../../prisma/schema.prisma', import.meta.url);

/**
 * The SQL that would turn the database into what prisma/schema.prisma says; empty if they agree. Prisma does not see
 * functions, checks and collations. It runs on PGlite, because the engine cannot describe a database through Prisma's
 * adapter for pg (its "char" columns have no type there).
 */
export async function schemaDrift(database: PGlite): Promise<string> {
  const files = [{ path: 'schema.prisma', content: await readFile(path, 'utf8') }];
  const engine = await openSchemaEngine({
    adapter: new PrismaPGlite(database),
    run: script => database.exec(script),
  });
  try {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true, // 2 if they differ, else 0
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? '' : (stdout ?? 'a difference without a word');
  } finally {
    engine.free();
  }
}
