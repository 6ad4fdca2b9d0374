import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { secretNames } from '../../../src/config/secret-files.ts';
import { settingNames } from '../../../src/config/settings.ts';

const text = readFileSync('docs/configuration.md', 'utf8');

test('docs/configuration.md has a row for each setting, and for nothing else', () => {
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
  const files = secretNames.map(name => `${name}_FILE`);
  expect(rows.toSorted()).toEqual(settingNames.filter(name => !files.includes(name)).toSorted());
  for (const name of files) expect(text).toContain(`\`${name}\``);
});
