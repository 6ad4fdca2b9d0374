// Bundles src/graphiql/ and the parts of src/client/ that it uses into one script: src/generated/graphiql-script.ts.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../src/generated/', import.meta.url));
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../src/graphiql/page.ts', import.meta.url))],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  write: false,
});
await mkdir(folder, { recursive: true });
const file = `${folder}graphiql-script.ts`;
// Tests may read the file at this moment: rename() lets them find the old or the new content, never a part.
await writeFile(`${file}.${process.pid}`, `export const script = ${JSON.stringify(outputFiles[0].text)};\n`);
await rename(`${file}.${process.pid}`, file);
