import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Stores the position of a reader of the log in a file that is never partly written. */
export interface PositionFile {
  /** Undefined before the first event. */
  read(): Promise<string | undefined>;
  /** Resolves when the position is on disk. */
  write(position: string): Promise<void>;
}

export function positionFile(path: string): PositionFile {
  return {
    async read() {
      try {
        return (await readFile(path, 'utf8')).trim();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(position) {
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${process.pid}`;
      await writeDurably(draft, `${position}\n`);
      await rename(draft, path);
      await syncFolder(dirname(path));
    },
  };
}

/** Resolves when the content is on disk. The file's name is on disk after syncFolder(). */
export async function writeDurably(path: string, content: string | Buffer): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Resolves when the names of the folder's files are on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
