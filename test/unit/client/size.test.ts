import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../../', import.meta.url));
const peers = [...Object.keys(packageJson.peerDependencies), 'graphql-ws'];
const entries = Object.values(packageJson.exports).map(file => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));

/** The bundle that a page's bundler makes. @param external packages that the page has anyway */
async function bundled(contents: string, external: string[] = peers): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    external,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]!.text;
}

test('there is an entry for each kind of client', () => {
  expect(Object.keys(packageJson.exports)).toEqual(
    ['', '/apollo', '/graphql-ws', '/sse', '/urql'].map(name => `./client${name}`),
  );
});

test.each(entries)('%s is under 3 KB, minified and compressed, and needs only its peers', async entry => {
  const text = await bundled(`export * from './${entry}'`);
  expect(gzipSync(text, { level: 9 }).length).toBeLessThan(3_000);
  // A module that esbuild could not bundle would be left as an import.
  const imports = [...text.matchAll(/from"([^"]+)"/g)].map(([, name = '']) => name);
  for (const name of imports) expect(peers.some(peer => name === peer || name.startsWith(`${peer}/`))).toBe(true);
});

test('the bundle contains nothing that a page does not use', async () => {
  const whole = await bundled("export * from './src/client/index.ts'");
  const part = await bundled("export { createSeen } from './src/client/index.ts'");
  expect(whole).toContain('IdempotencyKeyReusedError');
  expect(part).not.toContain('IdempotencyKeyReusedError');
  expect(part).not.toContain('hasNextPage');
  expect(part.length).toBeLessThan(300);
});
