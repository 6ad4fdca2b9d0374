import { readFileSync } from 'node:fs';
import { onDatabase } from '../test/support/on-database.ts';

/** CPU that a server and its sessions at the database have taken, s; NaN where this system does not tell. */
export interface CpuTaken {
  readonly app: number;
  readonly database: number;
}

/** @param url of the database that nobody else uses; its server has to run on this machine */
export async function cpuTaken(pid: number, url: string): Promise<CpuTaken> {
  const backends = await onDatabase(url, async client => {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    return rows.map(row => row.pid);
  });
  return { app: cpuOf(pid), database: backends.reduce((sum, one) => sum + cpuOf(one), 0) };
}

/** Of a process with all its threads, s. */
function cpuOf(pid: number): number {
  try {
    // What stands before it is the process's name, in brackets, which may have any sign in it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return ticks / ticksPerSecond;
  } catch {
    return NaN;
  }
}

/** Linux shows times to user space in hundredths of a second. */
const ticksPerSecond = 100;
