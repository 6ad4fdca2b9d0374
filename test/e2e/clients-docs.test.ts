// docs/clients.md and the client's README: runs snippets as they are written there.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import clientPackage from '../../src/client/package.json' with { type: 'json' };
import { printed, startChild, stopChild } from '../support/child.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { documentedSnippets } from '../support/documented-snippets.ts';
import { eventually } from '../support/eventually.ts';
import { accepted } from '../support/accepted.ts';
import { post } from '../support/post.ts';
import { registered } from '../support/shop.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { staffToken } from '../support/tokens.ts';
import { useSpawnedShop } from '../support/use-shop.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const snippets = await documentedSnippets('docs/clients.md');
const [readme] = await documentedSnippets('src/client/README.md');
/** The package's entries are those of the source. */
const alias = Object.fromEntries(
  Object.entries(clientPackage.exports)
    .filter(([, file]) => file.endsWith('.js'))
    .map(
      ([entry, file]) => [entry.replace('.', '@orderstream/client'), file.replace('./dist/', 'src/client/')] as const,
    )
    .map(([entry, file]) => [entry, join(root, file.replace(/\.js$/, '.ts'))]),
);

const { app, shop } = useSpawnedShop();
let folder: string;

beforeAll(async () => {
  // Beside node_modules, so that the clients are found from there.
  folder = await mkdtemp(join(root, 'node_modules/.orderstream-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** @returns the id of a new order */
async function ordered(token: string): Promise<string> {
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  return accepted(await post(app.url, CreateOrderDocument, { input }, { token })).orderId;
}

async function bundled(contents: string, platform: 'node' | 'browser'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform,
    format: 'esm',
    ...(platform === 'node' && { packages: 'external' }),
    alias,
    write: false,
  });
  return outputFiles[0]!.text;
}

/** Starts the snippet of a section, with what the text says that is given. */
async function startSnippet(section: string, given: { url: string; customerId: string; token: string }) {
  const snippet = snippets.find(one => one.section === section);
  if (!snippet) throw new Error(`docs/clients.md has no snippet in the section ${section}`);
  const contents = `
    import { WebSocket } from 'ws';
    globalThis.WebSocket = WebSocket;
    const { url, customerId } = ${JSON.stringify(given)};
    const token = () => '${given.token}';
    ${snippet.code}`;
  const file = join(folder, `${section.replace(/\W/g, '-')}.mjs`);
  await writeFile(file, await bundled(contents, 'node'));
  return startChild(process.execPath, [file]);
}

test.concurrent.each(['Apollo Client 4', 'urql', 'graphql-ws', 'Server-sent events'])(
  'the snippet for %s receives updates and reads its own writes',
  async section => {
    const { id, token } = await registered(app.url);
    const page = await startSnippet(section, { url: app.url, customerId: id, token });
    const [, wrote] = await printed(page, /^wrote (ord_\S+)$/m);
    await printed(page, new RegExp(`^read ${wrote}$`, 'm'));
    await printed(page, new RegExp(`^saw ${wrote}$`, 'm'));
    await stopChild(page);
    expect(page.stderr()).toBe('');
  },
);

test('a stock EventSource that sends headers resumes after a lost connection, and gets each frame once', async () => {
  const { hostname, port } = new URL(app.url);
  const proxy = await openTcpProxy({ host: hostname, port: Number(port) });
  const { id, token } = await registered(app.url);
  const url = `http://127.0.0.1:${proxy.port}`;
  const page = await startSnippet('Stock clients', { url, customerId: id, token });
  await printed(page, /^saw undefined$/m);
  const first = await ordered(token);
  await printed(page, new RegExp(`^saw ${first}$`, 'm'));
  proxy.cut('reset');
  const second = await ordered(token);
  await printed(page, new RegExp(`^saw ${second}$`, 'm'));
  const third = await ordered(token);
  await printed(page, new RegExp(`^saw ${third}$`, 'm'));
  expect(page.stdout().match(/ord_\S+/g)).toEqual([first, second, third]);
  await stopChild(page);
  await proxy.close();
});

describeWithChromium('the README in Chromium', () => {
  test('its ten lines show a live list', async () => {
    const code = readme!.code
      .replace('http://127.0.0.1:4000', app.url)
      .replace("developmentToken('staff')", `'${await staffToken()}'`);
    expect(code).toContain(app.url);
    const script = await bundled(code, 'browser');
    const pages = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><body></body><script type="module">${script}</script>`);
    });
    await once(pages.listen(0, '127.0.0.1'), 'listening');
    const browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    const lines = async () => (await page.evaluate<string>('document.body.innerText')).split('\n').filter(Boolean);
    await ordered(shop.customer.token);
    await eventually(async () => expect((await lines()).length).toBeGreaterThan(0));
    const before = (await lines()).length;
    await ordered(shop.customer.token);
    await eventually(async () => expect((await lines()).length).toBeGreaterThan(before));
    expect((await lines())[0]).toMatch(/^\S{4}-\S{4} DRAFT$/);
    await browser.close();
    pages.close();
  });
});
