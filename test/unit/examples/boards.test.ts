import { execFile } from 'node:child_process';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import clientPackage from '../../../src/client/package.json' with { type: 'json' };
import { packedClient, pageFolder } from '../../support/packed-client.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifestOf = async (folder: string) =>
  JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest;

describe.each(['board-apollo', 'board-urql'])('%s', name => {
  const example = join(root, 'examples', name);

  test(
    'is compiled and built, copied to another place, with the package that npm installs',
    { timeout: 300_000 },
    async () => {
      const copy = join(await pageFolder(await packedClient()), name);
      await cp(example, copy, { recursive: true, filter: path => !/\/(dist|node_modules)$/.test(path) });
      const bin = (file: string) => join(root, 'node_modules', file);
      await run(process.execPath, [bin('typescript/bin/tsc')], { cwd: copy }).catch((error: unknown) => {
        throw new Error((error as { stdout: string }).stdout);
      });
      const { stderr } = await run(process.execPath, [bin('vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
        cwd: copy,
        env: { ...process.env, NODE_ENV: 'production' },
      });
      expect(stderr).toBe('');
      const [script = ''] = (await readdir(join(copy, 'dist/assets'))).filter(file => file.endsWith('.js'));
      const text = await readFile(join(copy, 'dist/assets', script), 'utf8');
      expect(text).toContain('ordersUpdated');
      // The tokens of development are left out.
      expect(text).not.toContain('development key');
    },
  );

  test('has less than 150 lines of its own code', async () => {
    const sources = await readdir(join(example, 'src'));
    const files = ['vite.config.ts', ...sources.filter(file => /\.tsx?$/.test(file)).map(file => `src/${file}`)];
    const texts = await Promise.all(files.map(file => readFile(join(example, file), 'utf8')));
    const lines = texts.flatMap(text => text.split('\n')).filter(line => !/^\s*($|\/\/|\/\*\*)/.test(line));
    expect(lines.length).toBeLessThan(150);
  });

  test('names the versions of packages that it is tested with', async () => {
    const { dependencies, devDependencies } = await manifestOf(`examples/${name}`);
    const tested = await manifestOf('.');
    const versions = {
      ...tested.dependencies,
      ...tested.devDependencies,
      '@orderstream/client': clientPackage.version,
    };
    expect(versions).toMatchObject({ ...dependencies, ...devDependencies });
    // Whatever the package needs: a page's bundler must find it.
    const optional = name === 'board-apollo' ? ['@apollo/client', 'rxjs'] : ['@urql/core', 'wonka'];
    for (const peer of ['graphql', 'graphql-ws', 'react', ...optional]) expect(dependencies).toHaveProperty([peer]);
  });
});

test('both examples differ only in their client', async () => {
  for (const file of [
    'index.html',
    'vite.config.ts',
    'tsconfig.json',
    'src/main.tsx',
    'src/style.css',
    'src/board.tsx',
  ]) {
    const [apollo, urql] = await Promise.all(
      ['board-apollo', 'board-urql'].map(name => readFile(join(root, 'examples', name, file), 'utf8')),
    );
    expect(apollo!.replace("from '@apollo/client'", "from '@urql/core'")).toBe(urql);
  }
});
