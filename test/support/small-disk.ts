import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { noteOpen } from './left-open.ts';

const exec = promisify(execFile);

export interface SmallDisk {
  readonly folder: string;
  /** Makes it larger, as an operator does with a volume. */
  enlarge(megabytes: number): Promise<void>;
  remove(): Promise<void>;
}

/** A file system in memory that belongs to the account. Only root can make one. */
export async function smallDisk(megabytes: number, uid: number): Promise<SmallDisk> {
  const folder = await mkdtemp('/tmp/orderstream-disk-');
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', folder]);
  const remove = async (): Promise<void> => {
    note.closed();
    await exec('umount', ['--lazy', folder]);
    await rm(folder, { recursive: true });
  };
  const note = noteOpen('a small disk', remove);
  await chown(folder, uid, -1);
  return {
    folder,
    enlarge: async to => {
      await exec('mount', ['-o', `remount,size=${to}m`, folder]);
    },
    remove,
  };
}
