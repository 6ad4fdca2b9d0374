import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { build, type Plugin } from 'vite';
import { applied, type Edit } from '../checker/planted/planted-fault.ts';
import type { Board } from './stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folders of examples/. */
export const boardNames = ['board-apollo', 'board-urql'] as const;

export interface BuiltBoard extends Board {
  remove(): Promise<void>;
}

/**
 * Builds examples with the client's present source, each into a folder of its own.
 * @param edits of the source: a fault
 */
export async function buildBoards(
  names: readonly (typeof boardNames)[number][],
  edits: readonly Edit[] = [],
): Promise<BuiltBoard[]> {
  // Vite asks this, and Vitest has set it to `test`.
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    return await Promise.all(names.map(name => built(name, edits)));
  } finally {
    process.env['NODE_ENV'] = NODE_ENV;
  }
}

async function built(name: string, edits: readonly Edit[]): Promise<BuiltBoard> {
  const client = join(root, 'src/client');
  const folder = await mkdtemp(join(tmpdir(), `orderstream-${name}-`));
  const example = join(root, 'examples', name);
  await build({
    root: example,
    configFile: join(example, 'vite.config.ts'),
    logLevel: 'warn',
    plugins: [edited(edits)],
    build: { outDir: folder, emptyOutDir: true },
    resolve: {
      alias: [
        { find: /^@orderstream\/client$/, replacement: join(client, 'index.ts') },
        { find: /^@orderstream\/client\/(.*)$/, replacement: join(client, '$1.ts') },
      ],
    },
  });
  return { name, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

function edited(edits: readonly Edit[]): Plugin {
  return {
    name: 'edited',
    enforce: 'pre',
    async load(id) {
      const own = edits.filter(({ file }) => id === join(root, 'src', file));
      return own.length > 0 ? own.reduce(applied, await readFile(id, 'utf8')) : null;
    },
  };
}

/** The script that observes pages, for `addInitScript`. */
export async function observerScript(): Promise<string> {
  const { outputFiles } = await bundle({
    entryPoints: [fileURLToPath(new URL('page/observer.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'chrome120',
  });
  return outputFiles[0]!.text;
}
