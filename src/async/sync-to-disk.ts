import { open } from 'node:fs/promises';

/** Waits until a file, or the names in a folder, are on disk: what was written survives a power failure then. */
export async function syncToDisk(path: string): Promise<void> {
  const opened = await open(path, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
