import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncToDisk } from '../../async/sync-to-disk.ts';
import type { LogEnd } from '../../event-store/archive.ts';
import { StartError } from '../../start-error.ts';

/** Events of a file. A file is complete or absent, so an export that was killed writes at most this many again. */
export const eventsAFile = 50_000;

export type ExportFormat = 'jsonl' | 'parquet';

/** The file `export.json`: what the folder has. */
export interface Manifest {
  /** Version of this layout. */
  readonly layout: 1;
  readonly format: ExportFormat;
  /** The last event of the export, with its whole hash. */
  readonly end: LogEnd;
  /** Whether the export has what personal data can be read with. */
  readonly personal: boolean;
  readonly startedAt: string;
  /** All files are there. */
  readonly complete: boolean;
}

const manifestName = 'export.json';
export const keysName = 'keys.jsonl';

/** The files of events of an export that ends at a point, each with the positions of its first and last event. */
export function eventFiles({ format, end }: Pick<Manifest, 'format' | 'end'>) {
  return Array.from({ length: Math.ceil(end.point / eventsAFile) }, (_, index) => {
    const first = index * eventsAFile + 1;
    const last = Math.min(first + eventsAFile - 1, end.point);
    return { name: `events-${String(first).padStart(13, '0')}.${format}`, first, last };
  });
}

/** @returns undefined if the folder has no export. @throws StartError if it has something else */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const names: string[] = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new StartError(`${folder} can't be read (${(error as NodeJS.ErrnoException).code}): name a folder`);
  });
  if (names.length === 0) return undefined;
  if (!names.includes(manifestName)) {
    const others = names.filter(name => !name.endsWith(partial));
    if (others.length === 0) return undefined;
    throw new StartError(`${folder} has other files, and no ${manifestName}: name another folder`);
  }
  const manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Manifest;
  if ((manifest.layout as number) !== 1) {
    throw new StartError(`${folder} was exported by a newer release: use that release`);
  }
  return manifest;
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWhole(folder, manifestName, async path => {
    const file = await open(path, 'w', 0o600);
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.close();
  });
}

const partial = '.partial';

/** Writes a file under another name, syncs it to disk and renames it: so it is there as a whole, or not at all. */
export async function writeWhole(folder: string, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const path = join(folder, `${name}${partial}`);
  await rm(path, { force: true });
  await write(path);
  await syncToDisk(path);
  await rename(path, join(folder, name));
  await syncToDisk(folder);
}
