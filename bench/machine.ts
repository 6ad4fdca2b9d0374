import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem, version } from 'node:os';
import { onDatabase } from '../test/support/on-database.ts';

/** Describes the machine: figures mean nothing without it. */
export interface Machine {
  readonly when: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Load average of the last minute: if it is well below the number of cores, nothing else was running. */
  readonly loadBefore: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
}

const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'shared_buffers', 'max_wal_size'];
const packages = ['graphql-yoga', 'graphql-ws', '@prisma/client', 'pg', 'ws', 'mercurius', 'fastify'];

export async function describeMachine(adminUrl: string): Promise<Machine> {
  const { rows } = await onDatabase(adminUrl, client =>
    client.query<{ name: string; value: string }>(
      `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1)`,
      [['server_version', ...settings]],
    ),
  );
  const server = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  const versions = packages.map(async name => [name, await versionOf(name)] as const);
  return {
    when: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg()[0] ?? 0,
    system: version(),
    node: process.version,
    postgres: server['server_version'] ?? 'unknown',
    settings: Object.fromEntries(settings.map(name => [name, server[name] ?? 'unknown'])),
    packages: Object.fromEntries(await Promise.all(versions)),
  };
}

export function linesOf(machine: Machine): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, load ${machine.loadBefore.toFixed(2)}`,
    `Node ${machine.node}, PostgreSQL ${machine.postgres} (${listed(machine.settings)})`,
    listed(machine.packages),
  ];
}

function listed(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

async function versionOf(name: string): Promise<string> {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
