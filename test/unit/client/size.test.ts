import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import packageJson from '../../../src/client/package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../../src/client/', import.meta.url));
const peers = Object.keys(packageJson.peerDependencies);

/** Bytes of each entry, minified and compressed, without the peers: a tenth more than when this was written. */
const bars: Readonly<Record<string, number>> = {
  '.': 20_600,
  './apollo': 5_000,
  './codegen': 2_200,
  './development': 500,
  './graphql-ws': 3_800,
  './react': 10_100,
  './sse': 3_700,
  './testing': 18_300,
  './urql': 5_300,
};
/** The same of what pages use together. */
const pages: Readonly<Record<string, readonly [number, string]>> = {
  'a session': [11_100, "export { createSession } from './index.ts'"],
  'a live list without React': [
    15_800,
    "export { createLiveList, createSession, sessionOperations } from './index.ts'",
  ],
  'the board of examples/board-apollo': [
    22_400,
    "export { createCommandQueue, createSession } from './index.ts'; export * from './apollo.ts'; export * from './react.ts'",
  ],
};

/** The bundle that a page's bundler makes, without the peers, which a page has anyway. */
async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    external: peers,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]!.text;
}

function compressed(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}

const entries = Object.entries(packageJson.exports).filter(([, file]) => file.startsWith('./dist/'));

test('each entry has a bar', () => {
  expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(bars).sort());
});

test.each(entries)('%s is as small as its bar says, and needs only peers', async (name, file) => {
  const text = await bundled(`export * from '${file.replace('./dist/', './').replace(/\.js$/, '.ts')}'`);
  expect(compressed(text)).toBeLessThan(bars[name]!);
  // A module that esbuild could not bundle would be left as an import.
  const imports = [...text.matchAll(/from"([^"]+)"/g)].map(([, name = '']) => name);
  for (const name of imports) expect(peers.some(peer => name === peer || name.startsWith(`${peer}/`))).toBe(true);
});

test.each(Object.entries(pages))('%s is as small as its bar says', async (_name, [bar, contents]) => {
  expect(compressed(await bundled(contents))).toBeLessThan(bar);
});

test('the bundle of a page that only creates a session has no live list, no command and no hook', async () => {
  const whole = await bundled("export * from './index.ts'; export * from './react.ts'");
  const part = await bundled("export { createSession } from './index.ts'");
  for (const text of ['OrderstreamChanges', 'indexedDB', 'useSyncExternalStore']) {
    expect([text, whole.includes(text), part.includes(text)]).toEqual([text, true, false]);
  }
});
