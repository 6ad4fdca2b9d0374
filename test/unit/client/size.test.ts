import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import packageJson from '../../../src/client/package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../../src/client/', import.meta.url));
const peers = Object.keys(packageJson.peerDependencies);

/** Bytes of each entry, minified and compressed, without the peers. */
const bars: Readonly<Record<string, number>> = {
  '.': 3_000,
  './apollo': 3_000,
  './codegen': 3_000,
  './graphql-ws': 3_000,
  './react': 3_000,
  './sse': 3_000,
  './testing': 3_000,
  './urql': 3_000,
};

/** The bundle that a page's bundler makes. @param external packages that the page has anyway */
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

const entries = Object.entries(packageJson.exports).filter(([, file]) => file.startsWith('./dist/'));

test('each entry has a bar', () => {
  expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(bars).sort());
});

test.each(entries)('%s is as small as its bar says, and needs only peers', async (name, file) => {
  const text = await bundled(`export * from '${file.replace('./dist/', './').replace(/\.js$/, '.ts')}'`);
  expect(gzipSync(text, { level: 9 }).length).toBeLessThan(bars[name]!);
  // A module that esbuild could not bundle would be left as an import.
  const imports = [...text.matchAll(/from"([^"]+)"/g)].map(([, name = '']) => name);
  for (const name of imports) expect(peers.some(peer => name === peer || name.startsWith(`${peer}/`))).toBe(true);
});

test('the bundle of a page that only creates a session has no live list, no command and no hook', async () => {
  const whole = await bundled("export * from './index.ts'; export * from './react.ts'");
  const part = await bundled("export { createSession } from './index.ts'");
  for (const text of ['OrderstreamChanges', 'indexedDB', 'useSyncExternalStore']) {
    expect([text, whole.includes(text), part.includes(text)]).toEqual([text, true, false]);
  }
});
