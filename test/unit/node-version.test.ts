import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };

/** Runs the check as the scripts do, before a program that cannot be linked. */
function startOn(version: string, program: string) {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const check = `${pretend} require('./node-version.cjs'); import('data:text/javascript,${program}')`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', check], { cwd: root });
  return { status, stderr: stderr.toString() };
}

test.each(['0.12.18', '18.20.8', '20.18.3', '21.7.3', '22.12.0', '23.11.1'])(
  'a start on Node.js %s prints the version to install',
  version => {
    const stderr = `Node.js is ${version}: install 20.19, 22.13, or 24 or newer\n`;
    expect(startOn(version, 'import { none } from "node:fs"')).toEqual({ status: 1, stderr });
  },
);

test.each(['20.19.0', '22.13.0', '24.0.0', '26.1.0'])('a start on Node.js %s continues', version => {
  expect(startOn(version, '')).toEqual({ status: 0, stderr: '' });
});

test('every script that starts a program of this project checks the version before its modules are linked', () => {
  const programs = Object.entries(scripts).filter(
    ([name, command]) => name !== 'build' && /\bdist\/|\bexamples\/|src\/main/.test(command),
  );
  expect(programs.map(([name]) => name)).toEqual(
    expect.arrayContaining(['start', 'db:migrate', 'import', 'demo', 'dev']),
  );
  for (const [name, command] of programs) {
    expect({ name, command }).toEqual({
      name,
      command: expect.stringMatching(/^node (?:-r \.\/node-version\.cjs dist\/|node-version\.cjs && tsx )/),
    });
  }
});

test('npm ci on a wrong Node.js is rejected before anything is installed', () => {
  expect(readFileSync(`${root}.npmrc`, 'utf8')).toMatch(/^engine-strict=true$/m);
});
