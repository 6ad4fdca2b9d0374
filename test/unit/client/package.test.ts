import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const tsc = join(root, 'node_modules/typescript/bin/tsc');
let folder: string;

beforeAll(async () => {
  // Beside node_modules, so that the peers are found from there.
  folder = await mkdtemp(join(root, 'node_modules/.orderstream-'));
  const installed = join(folder, 'node_modules/orderstream');
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, 'package.json'), JSON.stringify(packageJson));
  await run(process.execPath, [tsc, '-p', 'src/client/tsconfig.json', '--outDir', join(installed, 'dist/client')], {
    cwd: root,
  });
  await symlink(join(root, 'node_modules/graphql-ws'), join(folder, 'node_modules/graphql-ws'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const page = `
import { createSeen, keys, possibleTypes, typePolicies } from 'orderstream/client';
import { orderstreamLink } from 'orderstream/client/apollo';
import { createClient } from 'orderstream/client/graphql-ws';
import { createStreamClient } from 'orderstream/client/sse';
import { orderstreamExchange } from 'orderstream/client/urql';
import { InMemoryCache } from '@apollo/client';

const seen = createSeen();
new InMemoryCache({ possibleTypes, typePolicies });
orderstreamLink({ seen });
orderstreamExchange({ seen, onResync: position => void position?.length });
createStreamClient({ url: 'http://localhost/graphql', seen, token: refused => \`\${refused}\` }).iterate<{ a: 1 }>({ query: '{ a }' });
createClient({ url: 'ws://localhost/graphql', seen, webSocketImpl: class { static CONNECTING = 0; static OPEN = 1; static CLOSING = 2; static CLOSED = 3; constructor() {} } });
// @ts-expect-error: the types are no any
orderstreamExchange({ sin: 1 });
console.log(Object.keys(keys).length > 0);
`;

test('the published package runs as ES modules in Node, and a strict TypeScript page compiles against its types', async () => {
  await compile('page.mts', page);
  expect((await run(process.execPath, ['page.mjs'], { cwd: folder })).stdout).toBe('true\n');
});

async function compile(file: string, text: string): Promise<void> {
  await writeFile(join(folder, file), text);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
    skipLibCheck: true, // Apollo's own types do not pass
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  await run(process.execPath, [tsc, '-p', '.'], { cwd: folder });
}
