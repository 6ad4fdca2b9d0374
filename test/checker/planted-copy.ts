import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applied, type Edit } from './planted/planted-fault.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Passes an edited copy of this project's source to `use`, and deletes it. */
export async function onPlantedCopy<Result>(
  edits: readonly Edit[],
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-planted-'));
  try {
    for (const name of ['src', 'prisma', 'package.json', 'tsconfig.json']) {
      await cp(join(root, name), join(folder, name), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits) {
      const file = join(folder, 'src', edit.file);
      await writeFile(file, applied(await readFile(file, 'utf8'), edit));
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
