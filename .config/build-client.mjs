// npm run build:client: writes all that the package @orderstream/client has besides its package.json, README and
// CHANGELOG into src/client/.
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// A file whose source was renamed would stay in the package.
rmSync(`${root}src/client/dist`, { recursive: true, force: true });
const compiler = [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}src/client`];
process.exitCode = spawnSync(process.execPath, compiler, { stdio: 'inherit' }).status ?? 1;
for (const file of ['LICENSE', 'schema.graphql']) copyFileSync(`${root}${file}`, `${root}src/client/${file}`);
