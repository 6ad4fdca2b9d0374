// node -r ./node-version.cjs PROGRAM: each script that starts a program loads this first. An older Node.js can't even link
// the program's modules, and what it prints then does not say why. So nothing here is younger than Node.js 0.12, and
// nothing is installed for it.
'use strict';

var version = process.versions.node;
var parts = version.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);

// As package.json's engines say: every version that each installed package takes, since npm refuses the others (.npmrc).
if (!(major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19))) {
  console.error('Node.js is ' + version + ': install 20.19, 22.13, or 24 or newer');
  process.exit(1);
}
