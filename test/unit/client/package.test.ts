import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../../../src/client/package.json' with { type: 'json' };
import { packedClient, pageFolder } from '../../support/packed-client.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const packed = await packedClient();
/** Compilers take long if the machine is busy, ms. */
const timeout = 300_000;

const page = `
import { createSession, keys, possibleTypes, sessionOperations, typePolicies, type Session } from '@orderstream/client';
import { apolloOperations, orderstreamApollo } from '@orderstream/client/apollo';
import { entityFieldsDocumentTransform, scalars } from '@orderstream/client/codegen';
import { createClient } from '@orderstream/client/graphql-ws';
import { createStreamClient } from '@orderstream/client/sse';
import { createScriptedServer } from '@orderstream/client/testing';
import { orderstreamExchanges, urqlOperations } from '@orderstream/client/urql';
import * as react from '@orderstream/client/react';
import { ApolloClient, InMemoryCache } from '@apollo/client';
import { cacheExchange, Client } from '@urql/core';
import { parse } from 'graphql';

const server = createScriptedServer();
const session: Session = createSession({
  url: server.url,
  token: refused => server.token(\`\${refused}\`),
  fetch: server.fetch,
  webSocket: server.WebSocket,
});
new InMemoryCache({ possibleTypes, typePolicies });
const apollo = apolloOperations(new ApolloClient(orderstreamApollo(session)), session);
const urql = urqlOperations(
  new Client({ url: session.url, exchanges: orderstreamExchanges(session, cacheExchange) }),
  session,
);
for (const operations of [apollo, urql, sessionOperations(session)]) operations.session.logout();
const frames = createStreamClient({ url: session.url, token: refused => \`\${refused}\` }).iterate<{ a: 1 }>({ query: '{ a }' });
// Otherwise the process would live until the client gives up the server that is not there.
await frames.return?.();
createClient({ url: 'ws://localhost/graphql', webSocketImpl: server.WebSocket });
const document = parse('{ order(id: "") { id } }');
entityFieldsDocumentTransform.transform({ documents: [{ location: 'a.graphql', document }] }).map(one => one.location);
// @ts-expect-error: the types are no any
createSession({ uri: '' });
session.close();
console.log(Object.keys(keys).length > 0, Object.keys(react).length > 0, scalars.Position);
`;

const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [],
  skipLibCheck: true, // Apollo's own types do not pass
};

/** @returns the folder with the compiled page */
async function compile(file: string, text: string, options: object): Promise<string> {
  const folder = await pageFolder(packed);
  await writeFile(join(folder, file), text);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [file] }));
  await run(process.execPath, [tsc, '-p', '.'], { cwd: folder }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  return folder;
}

test.each([
  ['bundler', { module: 'preserve', moduleResolution: 'bundler' }],
  ['node16', { module: 'node16' }],
  ['nodenext', { module: 'nodenext' }],
])(
  'a strict TypeScript page compiles against the package under %s, and runs as an ES module',
  { timeout },
  async (_, modules) => {
    const folder = await compile('page.mts', page, { ...strict, ...modules });
    const { stdout, stderr } = await run(process.execPath, ['page.mjs'], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: 'true true string\n', stderr: '' });
  },
);

test(
  'the types of the package have no error of their own, if a page checks the types of libraries',
  { timeout },
  async () => {
    const names = ['', '/codegen', '/graphql-ws', '/react', '/sse', '/testing', '/urql'];
    const text = names.map((name, index) => `export * as e${index} from '@orderstream/client${name}';`).join('\n');
    await compile('page.mts', text, { ...strict, module: 'nodenext', skipLibCheck: false });
  },
);

test('the package holds the compiled files of its sources, its texts, its licence and the schema, and nothing else', async () => {
  const names = await readdir(join(root, 'src/client'), { recursive: true });
  const sources = names.filter(name => name.endsWith('.ts') && !name.startsWith('dist'));
  const compiled = sources.flatMap(name => ['.js', '.d.ts'].map(ending => `dist/${name.replace(/\.ts$/, ending)}`));
  const others = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'schema.graphql'];
  expect(packed.files).toEqual([...compiled, ...others].sort());
  const installed = join(packed.folder, 'node_modules/@orderstream/client');
  for (const target of Object.values(packageJson.exports)) await stat(join(installed, target));
  expect(await readFile(join(installed, 'schema.graphql'), 'utf8')).toContain('type Order ');
});

test('npm installs the package alone, under 1 MB, and names the peers that are missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-installed-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    // Without a network: npm asks the registry for nothing but the package.
    const install = ['install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', packed.tarball];
    const { stderr } = await run('npm', install, { cwd: folder });
    expect(stderr).toBe('');
    expect(await readdir(join(folder, 'node_modules'))).toEqual(['.package-lock.json', '@orderstream']);
    expect(await bytesIn(join(folder, 'node_modules'))).toBeLessThan(1e6);
    const listed = await run('npm', ['ls', '--all'], { cwd: folder }).catch(
      (error: unknown) => error as { stderr: string },
    );
    const missing = [...listed.stderr.matchAll(/missing: (\S+)@/g)].map(([, name]) => name);
    expect(missing.sort()).toEqual(['graphql', 'graphql-ws']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the root of this project has each peer, in a version that the package takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-peers-'));
  try {
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, dependencies: packageJson.peerDependencies }),
    );
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await run('npm', ['ls', ...Object.keys(packageJson.peerDependencies)], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the newest entry of the CHANGELOG is the version of the package, or not released yet', async () => {
  const [, newest] = /^## \[(.+?)\]/m.exec(await readFile(join(root, 'src/client/CHANGELOG.md'), 'utf8')) ?? [];
  expect(['Unreleased', packageJson.version]).toContain(newest);
});

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files.filter(file => file.isFile()).map(async file => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
