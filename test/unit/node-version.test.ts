import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

function startOn(version: string) {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  const asked = ['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
  const { status, stderr } = spawnSync(process.execPath, [...asked, 'src/node-version.ts'], { cwd: root });
  return { status, stderr: stderr.toString() };
}

test.each(['18.20.8', '20.18.3', '21.7.3', '22.11.0', '23.11.1'])(
  'a start on Node.js %s says what to install',
  version => {
    const stderr = `Node.js is ${version}: install 20.19, 22.12, or 24 or newer\n`;
    expect(startOn(version)).toEqual({ status: 1, stderr });
  },
);

test.each(['20.19.0', '22.12.0', '24.0.0', '26.1.0'])('a start on Node.js %s goes on', version => {
  expect(startOn(version)).toEqual({ status: 0, stderr: '' });
});
