import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { createLiveBoard } from '../../../../src/client/live-board.ts';
import { applied, type Edit } from '../../../checker/planted/planted-fault.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Passes `createLiveBoard`, built from edited source, to `use`. */
export async function withPlantedBoard<Result>(
  edits: readonly Edit[],
  use: (create: typeof createLiveBoard) => Promise<Result>,
): Promise<Result> {
  // Beside node_modules, so that graphql is found from there.
  const folder = await mkdtemp(join(root, 'node_modules/.orderstream-'));
  const outfile = join(folder, 'live-board.mjs');
  try {
    await build({
      entryPoints: [join(root, 'src/client/live-board.ts')],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      external: ['graphql'],
      outfile,
      plugins: [
        {
          name: 'plant',
          setup(builder) {
            builder.onLoad({ filter: /src\/client\/[\w-]+\.ts$/ }, async ({ path }) => {
              const own = edits.filter(({ file }) => file === basename(path));
              return { contents: own.reduce(applied, await readFile(path, 'utf8')), loader: 'ts' };
            });
          },
        },
      ],
    });
    const planted = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as {
      createLiveBoard: typeof createLiveBoard;
    };
    return await use(planted.createLiveBoard);
  } finally {
    await rm(folder, { recursive: true });
  }
}
