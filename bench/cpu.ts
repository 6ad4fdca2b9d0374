import { readFileSync } from 'node:fs';
import { onDatabase } from '../test/support/on-database.ts';

/** CPU time that a server and its database sessions have used, s; NaN if this system does not report it. */
export interface CpuTaken {
  readonly app: number;
  readonly database: number;
}

/** @param url a database that only this server uses, on this machine */
export async function cpuTaken(pid: number, url: string): Promise<CpuTaken> {
  const backends = await onDatabase(url, async client => {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    return rows.map(row => row.pid);
  });
  return { app: cpuOf(pid), database: backends.reduce((sum, one) => sum + cpuOf(one), 0) };
}

/** CPU time of a process with all its threads, s. */
function cpuOf(pid: number): number {
  try {
    // The process's name comes first, in brackets, and may contain any character.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return ticks / ticksPerSecond;
  } catch {
    return NaN;
  }
}

/** Linux reports times to user space in hundredths of a second. */
const ticksPerSecond = 100;
