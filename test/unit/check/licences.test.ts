import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { foreignLicences, type Lockfile } from '../../../.config/licences.ts';

test('each package of a production install has a licence that was allowed', async () => {
  expect(foreignLicences(JSON.parse(await readFile('package-lock.json', 'utf8')) as Lockfile)).toEqual([]);
});

test('a licence that was not allowed, and a package without one, are named', () => {
  const packages = {
    '': { license: 'AGPL-3.0' },
    'node_modules/free': { license: 'MIT' },
    'node_modules/bound': { license: 'AGPL-3.0' },
    'node_modules/silent': {},
    'node_modules/tool': { license: 'GPL-3.0', dev: true },
  };
  expect(foreignLicences({ packages }).map(line => line.split(': ').slice(0, 2))).toEqual([
    ['node_modules/bound', 'AGPL-3.0'],
    ['node_modules/silent', 'no licence'],
  ]);
});
