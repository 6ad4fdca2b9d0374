// docs/clients.md: runs each snippet as it is written there.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed, startChild, stopChild } from '../support/child.ts';
import { registered } from '../support/shop.ts';
import { useSpawnedShop } from '../support/use-shop.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = await readFile(join(root, 'docs/clients.md'), 'utf8');
const snippets = [...text.matchAll(/^## (.+)\n[^#]*?^```ts\n([^]*?)\n```$/gm)].map(
  ([, title = '', code = '']) => [title, code] as const,
);

const { app } = useSpawnedShop();
let folder: string;

beforeAll(async () => {
  // Beside node_modules, so that the clients are found from there.
  folder = await mkdtemp(join(root, 'node_modules/.orderstream-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('there is a snippet for each kind of client', () => {
  expect(snippets.map(([title]) => title)).toEqual(['Apollo Client 4', 'urql', 'graphql-ws', 'Server-sent events']);
});

test.concurrent.each(snippets)('the snippet for %s receives updates and reads its own writes', async (title, code) => {
  const customer = await registered(app.url);
  const given = { url: app.url, customerId: customer.id };
  const contents = `
    import { WebSocket } from 'ws';
    globalThis.WebSocket = WebSocket;
    const { url, customerId } = ${JSON.stringify(given)};
    const token = () => '${customer.token}';
    ${code}`;
  const file = join(folder, `${title.replace(/\W/g, '-')}.mjs`);
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias: Object.fromEntries(
      ['apollo', 'graphql-ws', 'sse', 'urql', 'index'].map(name => [
        `orderstream/client${name === 'index' ? '' : `/${name}`}`,
        join(root, `src/client/${name}.ts`),
      ]),
    ),
    write: false,
  });
  await writeFile(file, outputFiles[0]!.text);
  const page = startChild(process.execPath, [file]);
  const [, wrote] = await printed(page, /^wrote (ord_\S+)$/m);
  await printed(page, new RegExp(`^read ${wrote}$`, 'm'));
  await printed(page, new RegExp(`^saw ${wrote}$`, 'm'));
  await stopChild(page);
  expect(page.stderr()).toBe('');
});
