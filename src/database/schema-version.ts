import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the migrations; the same path from src/ and from dist/. */
export const migrationsFolder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The migrations that this program knows, in order. */
export const migrationNames: readonly string[] = readdirSync(migrationsFolder, { withFileTypes: true })
  .flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  .sort();
