// Builds the console into dist/console/: the page and its assets, each also compressed, and server.json, which says to
// the server which paths are pages and which documents the page sends.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build as bundle } from 'esbuild';
import { buildSchema } from 'graphql';
import { build } from 'vite';
import type { ForServer } from '../src/console/for-server.ts';
import { consoleTypes } from './typed-operations.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/console');
const generatedFolder = join(sources, 'generated');
const output = join(root, 'dist/console');

async function generate(): Promise<void> {
  // From the stored schema: the code's schema needs the database client, which a build of an image may not have yet.
  const schema = buildSchema(await readFile(join(root, 'schema.graphql'), 'utf8'));
  const files = await consoleTypes(schema, { operationsFolder: sources, generatedFolder });
  await mkdir(generatedFolder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(generatedFolder, name), text);
}

/** Runs src/console/for-server.ts, which is written for the browser's build: with its aliases. */
async function writeFactsForServer(): Promise<void> {
  const script = join(generatedFolder, `for-server.${process.pid}.mjs`);
  await bundle({
    entryPoints: [join(sources, 'for-server.ts')],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    alias: { '@orderstream/client': join(root, 'src/client') },
    external: ['graphql'],
    logLevel: 'warning',
  });
  const { forServer } = (await import(pathToFileURL(script).href)) as { forServer: () => Promise<ForServer> };
  const { routes, documents, texts } = await forServer();
  const others = Object.fromEntries(texts.map(text => [createHash('sha256').update(text).digest('hex'), text]));
  await writeFile(join(output, 'server.json'), JSON.stringify({ routes, documents: { ...documents, ...others } }));
  await rm(script);
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params }));
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
}

await generate();
process.env['NODE_ENV'] = 'production';
await build({ configFile: join(root, '.config/console.vite.config.ts'), logLevel: 'warn' });
await writeFactsForServer();
const files = await readdir(output, { recursive: true });
for (const file of files) if (/\.(?:html|js|css|svg)$/.test(file)) await compress(join(output, file));
