import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { EntityVersions } from '../../../../src/client/entity-versions.ts';

const entry = fileURLToPath(new URL('../../../../src/client/entity-versions.ts', import.meta.url));

/** A change to the code that makes it wrong. */
export interface Fault {
  readonly file: 'entity-versions.ts' | 'entity-records.ts' | 'selected-fields.ts';
  readonly code: string;
  readonly instead: string;
}

/** The register, built from the code with a fault in it. @throws Error if the code has no such place */
export async function registerWith(fault: Fault): Promise<() => EntityVersions> {
  const planted: string[] = [];
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'fault',
        setup(build) {
          build.onLoad({ filter: /src.client.[a-z-]+\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            if (basename(path) !== fault.file) return { contents: text, loader: 'ts' };
            if (text.split(fault.code).length !== 2) throw new Error(`Not exactly once in the code: ${fault.code}`);
            planted.push(path);
            return { contents: text.replace(fault.code, () => fault.instead), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (planted.length !== 1) throw new Error(`Not part of the register: ${fault.file}`);
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`;
  const { createEntityVersions } = (await import(url)) as { createEntityVersions: () => EntityVersions };
  return createEntityVersions;
}
