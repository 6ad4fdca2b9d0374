import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { describeWithPrograms, installedProgram } from '../../support/installed-program.ts';
import { shippedAlerts } from '../../support/prometheus.ts';

const folder = fileURLToPath(new URL('../../../deploy/prometheus/', import.meta.url));
const run = promisify(execFile);
const promtool = (...args: string[]) => run(installedProgram('promtool')!, args, { cwd: folder });

test('each alert has a test in which it fires and one in which it is quiet', async () => {
  const { tests } = parse(readFileSync(`${folder}rules.test.yml`, 'utf8')) as { tests: readonly { name: string }[] };
  const expected = (await shippedAlerts()).flatMap(({ alert }) => [`${alert} fires`, `${alert} is quiet`]);
  expect(tests.map(({ name }) => name).sort()).toEqual(expected.sort());
});

describeWithPrograms(['promtool'], 'promtool', () => {
  test('passes the tests of the rules', async () => {
    expect((await promtool('test', 'rules', 'rules.test.yml')).stdout).toContain('SUCCESS');
  });

  test('accepts the example of a configuration', async () => {
    expect((await promtool('check', 'config', 'prometheus.yml')).stdout).toContain('SUCCESS');
  });
});
