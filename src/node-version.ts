// Imported first, for what it does: on an older Node.js the modules behind it fail in ways that say nothing of why.
// eslint-disable-next-line no-restricted-imports -- a part of main.ts, apart because imports come before statements
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (!(major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19))) {
  process.stderr.write(`Node.js is ${process.versions.node}: install 20.19, 22.12, or 24 or newer\n`);
  process.exit(1);
}
