import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Tells the processes of a run where it has compiled src/ to. */
const variable = 'ORDERSTREAM_TEST_PROGRAM';

/**
 * What Node is told to start a file of src/, e.g. `cli/import`: what this run has compiled, or else a loader of
 * TypeScript, which takes twice as long.
 */
export function programArguments(file: string): string[] {
  const folder = process.env[variable];
  return folder === undefined ? ['--import', 'tsx', `src/${file}.ts`] : [join(folder, `${file}.js`)];
}

/** The folder of the program that this run has compiled, as `dist` is after a build. */
export function compiledProgram(): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error('this run has compiled nothing');
  return folder;
}

/**
 * Compiles src/ as it is now for all processes of this run, and nothing of it into the project's own folder, which
 * several runs may share. @returns removes it
 */
export async function compileProgram(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-program-'));
  const program = join(folder, 'program');
  // What it finds beside its own folder.
  for (const name of ['node_modules', 'package.json', 'prisma']) await symlink(join(root, name), join(folder, name));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const command = [compiler, '-p', 'src/tsconfig.json', '--noCheck', '--outDir', program];
  await promisify(execFile)(process.execPath, command, { cwd: root });
  process.env[variable] = program;
  return async () => {
    Reflect.deleteProperty(process.env, variable);
    await rm(folder, { recursive: true, force: true });
  };
}
