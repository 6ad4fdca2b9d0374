import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { compileProgram } from './program.ts';
import { setRunLogFolder } from './run-log.ts';
import { openServers, type Servers } from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `adminUrl` may create databases; `template` is the name of a migrated one. */
    readonly postgres: Servers['postgres'];
    /** Null if the run has no Redis. */
    readonly redisUrl: Servers['redisUrl'];
  }
}

interface Shared {
  projects: number;
  readonly servers: Promise<Servers>;
  readonly program: Promise<() => Promise<void>>;
  readonly logFolder: string;
}

// Each project loads this file, all in one process: they share the servers of their run through this variable.
const run = globalThis as { orderstreamTestServers?: Shared | undefined };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (run.orderstreamTestServers ??= {
    projects: 0,
    servers: openServers(randomBytes(4).toString('hex')),
    program: compileProgram(),
    logFolder: mkdtempSync(join(tmpdir(), 'orderstream-log-')),
  });
  setRunLogFolder(shared.logFolder);
  shared.projects++;
  const [servers, removeProgram] = await Promise.all([shared.servers, shared.program]);
  project.provide('postgres', servers.postgres);
  project.provide('redisUrl', servers.redisUrl);
  return async () => {
    shared.projects--;
    if (shared.projects > 0) return;
    run.orderstreamTestServers = undefined;
    setRunLogFolder(undefined);
    await rm(shared.logFolder, { recursive: true, force: true });
    await removeProgram();
    await servers.close();
  };
}
