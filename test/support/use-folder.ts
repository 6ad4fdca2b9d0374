import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lifetime, useResource } from './use-resource.ts';

/** A temporary folder, whose path is `path`. */
export function useFolder(lifetime: Lifetime = 'file'): { readonly path: string } {
  return useResource(
    async () => ({ path: await mkdtemp(join(tmpdir(), 'orderstream-folder-')) }),
    ({ path }) => rm(path, { recursive: true, force: true }),
    lifetime,
  );
}
