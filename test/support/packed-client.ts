// The package @orderstream/client as npm publishes it, made of the current source.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Files outside of src/client from which the package is made. */
const others = ['.config/build-client.mjs', 'tsconfig.json', 'schema.graphql', 'LICENSE'];

export interface PackedClient {
  /** Pages in this folder import the package by its name, and its peers from this project's node_modules. */
  readonly folder: string;
  readonly tarball: string;
  /** Files in the tarball, sorted. */
  readonly files: readonly string[];
}

/**
 * Packs the client. The test files of several processes share the result, because packing takes seconds: its place is
 * named by the content of the source.
 */
export async function packedClient(): Promise<PackedClient> {
  const place = join(tmpdir(), `orderstream-client-${await sourceHash()}`);
  if (!existsSync(place)) await pack(place);
  const files = JSON.parse(await readFile(join(place, 'files.json'), 'utf8')) as string[];
  return { folder: join(place, 'pages'), tarball: join(place, 'client.tgz'), files };
}

/** A new folder for one test's page. */
export async function pageFolder({ folder }: PackedClient): Promise<string> {
  return mkdtemp(join(folder, 'page-'));
}

async function pack(place: string): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), 'orderstream-pack-'));
  // npm pack builds: a copy keeps that out of the work tree, which other runs may be using.
  const source = join(made, 'source');
  await cp(join(root, 'src/client'), join(source, 'src/client'), { recursive: true, filter: isSource });
  await mkdir(join(source, '.config'));
  for (const file of others) await copyFile(join(root, file), join(source, file));
  for (const folder of [made, source]) await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', made], {
    cwd: join(source, 'src/client'),
  }).catch((error: unknown) => {
    throw new Error(`npm pack failed: ${(error as { stdout: string }).stdout}`);
  });
  // What the build prints comes first.
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string; files: { path: string }[] }];
  await rename(join(made, packed.filename), join(made, 'client.tgz'));
  await writeFile(join(made, 'files.json'), JSON.stringify(packed.files.map(({ path }) => path).sort()));

  const installed = join(made, 'pages/node_modules/@orderstream/client');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(made, 'client.tgz'), '--strip-components=1', '-C', installed]);
  await rm(source, { recursive: true });
  // Another process may have been faster: its result is the same.
  await rename(made, place).catch(() => rm(made, { recursive: true }));
  await removeOld();
}

/** Removes the packages of sources that were not tested for a day. */
async function removeOld(): Promise<void> {
  const packages = (await readdir(tmpdir())).filter(name => /^orderstream-client-[0-9a-f]{16}$/.test(name));
  for (const folder of packages.map(name => join(tmpdir(), name))) {
    const { mtimeMs } = await stat(join(folder, 'pages'));
    if (Date.now() - mtimeMs > 86_400_000) await rm(folder, { recursive: true, force: true });
  }
}

const isSource = (path: string) => !path.startsWith(join(root, 'src/client/dist'));

async function sourceHash(): Promise<string> {
  const names = await readdir(join(root, 'src/client'), { recursive: true, withFileTypes: true });
  const sources = names.filter(file => file.isFile()).map(file => join(file.parentPath, file.name));
  const hash = createHash('sha256').update(root);
  for (const file of [...sources.filter(isSource).sort(), ...others.map(file => join(root, file))]) {
    hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
