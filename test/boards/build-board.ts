import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Board } from './stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folders of examples/. */
export const boardNames = ['board-apollo', 'board-urql'] as const;
export type BoardName = (typeof boardNames)[number];

/**
 * Builds an example as its README says, into a folder of its own.
 * @param project folder of the project; default: this one
 */
export async function buildBoard(name: BoardName, project = root): Promise<Board & { remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), `orderstream-${name}-`));
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const command = [vite, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  await promisify(execFile)(process.execPath, command, { cwd: join(project, 'examples', name) });
  return { name, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The script that observes pages, for `addInitScript`. */
export async function observerScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page/observer.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'chrome120',
  });
  return outputFiles[0]!.text;
}
