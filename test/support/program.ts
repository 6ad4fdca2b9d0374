import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The environment variable in which the processes of a run find the folder of the compiled src/. */
const variable = 'ORDERSTREAM_TEST_PROGRAM';

/**
 * Node's arguments to start a file of src/, e.g. `cli/import`: the file that this run has compiled, or otherwise a
 * TypeScript loader, which takes twice as long.
 */
export function programArguments(file: string): string[] {
  const folder = process.env[variable];
  return folder === undefined ? ['--import', 'tsx', `src/${file}.ts`] : [join(folder, `${file}.js`)];
}

/** The folder of the program that this run has compiled; its content is that of `dist` after a build. */
export function compiledProgram(): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error('this run has not compiled the program');
  return folder;
}

/**
 * Compiles the current src/ once for all processes of this run. It writes nothing into the project's folder, because
 * several runs may share it. @returns a function that removes the result
 */
export async function compileProgram(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-program-'));
  const program = join(folder, 'program');
  // Files that the program reads from beside its own folder.
  for (const name of ['node_modules', 'package.json', 'prisma']) await symlink(join(root, name), join(folder, name));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const command = [compiler, '-p', 'src/tsconfig.json', '--noCheck', '--outDir', program];
  await promisify(execFile)(process.execPath, command, { cwd: root });
  // The pages take long to build: they are those of the last `npm run build`.
  await symlink(join(root, 'dist/console'), join(program, 'console'));
  process.env[variable] = program;
  return async () => {
    Reflect.deleteProperty(process.env, variable);
    await rm(folder, { recursive: true, force: true });
  };
}
