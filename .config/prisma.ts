import { defineConfig } from 'prisma/config';

// Prisma's command line downloads an engine that `generate`, `validate` and `format` never run; any existing
// executable satisfies its check, so that an install works where nothing can be downloaded.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

const url = process.env.DATABASE_URL; // only `prisma studio` uses it

export default defineConfig({
  schema: '../prisma/schema.prisma',
  migrations: { path: '../prisma/migrations' },
  ...(url !== undefined && { datasource: { url } }),
});
