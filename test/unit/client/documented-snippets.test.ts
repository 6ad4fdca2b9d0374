import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { documentedSnippets, type Snippet } from '../../support/documented-snippets.ts';
import { packedClient, pageFolder } from '../../support/packed-client.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  module: 'preserve',
  moduleResolution: 'bundler',
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  jsx: 'react-jsx',
  types: ['node'],
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
};

/** What the texts say that is given. */
const given = `
declare const url: string, customerId: string;
declare function token(refused: boolean): Promise<string>;`;
/** The command line of GraphQL Code Generator is not installed here, but what checks its configuration is. */
const codegenTypes = `
declare module '@graphql-codegen/cli' {
  export type CodegenConfig = import('@graphql-codegen/plugin-helpers').Types.Config;
}`;

async function compile(snippets: readonly Snippet[]): Promise<void> {
  const folder = await pageFolder(await packedClient());
  for (const [index, { file, language, code }] of snippets.entries()) {
    await writeFile(join(folder, file ?? `snippet-${index}.${language}`), file === undefined ? code + given : code);
  }
  await writeFile(join(folder, 'given.d.ts'), codegenTypes);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: strict, include: ['.'] }));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', '.'], { cwd: folder }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}

test.each(['docs/clients.md', 'src/client/README.md'])(
  'every snippet of %s compiles under strict, against the package that npm installs',
  { timeout: 300_000 },
  async file => {
    const snippets = await documentedSnippets(file);
    expect(snippets.length).toBeGreaterThan(0);
    const names = snippets.flatMap(({ file }) => file ?? []);
    expect(new Set(names).size).toBe(names.length);
    await compile(snippets);
  },
);

test('the README’s live list has ten lines', async () => {
  const [{ code }] = (await documentedSnippets('src/client/README.md')) as [Snippet];
  expect(code.split('\n').filter(line => line !== '').length).toBeLessThanOrEqual(10);
});
