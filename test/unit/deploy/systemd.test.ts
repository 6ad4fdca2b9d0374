import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadConfig, loadMigrateUrl } from '../../../src/config.ts';
import { describeWithPrograms, installedProgram } from '../../support/installed-program.ts';

const folder = fileURLToPath(new URL('../../../deploy/systemd/', import.meta.url));
const units = readdirSync(folder).filter(file => !file.endsWith('.env'));

/** The values of a key, in the order of the file. */
function valuesOf(unit: string, key: string): string[] {
  const lines = readFileSync(folder + unit, 'utf8').split('\n');
  return lines.flatMap(line => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/** The settings of an example file, as systemd reads it. */
function example(file: string): Record<string, string> {
  const lines = readFileSync(folder + file, 'utf8').split('\n');
  const settings = lines.filter(line => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    settings.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

test.each(['orderstream-api@.service', 'orderstream-projector@.service'])(
  '%s starts in production with the settings of /etc/orderstream, never sees the owner’s URL, and has time to stop',
  unit => {
    const own = valuesOf(unit, 'Environment').flatMap(line => line.replace('%i', '4001').split(' '));
    const config = loadConfig({
      ...example('orderstream.env'),
      ...Object.fromEntries(own.map(one => one.split('=') as [string, string])),
    });
    expect(config).toMatchObject({ production: true, port: 4001 });
    const drain = config.roles.includes('api') ? config.drainDelaySeconds : 0;
    expect(Number(valuesOf(unit, 'TimeoutStopSec')[0])).toBeGreaterThanOrEqual(drain + 25);
    expect(valuesOf(unit, 'EnvironmentFile')).toEqual(['/etc/orderstream/orderstream.env']);
  },
);

test('the example settings have the owner’s URL for the migration alone', () => {
  expect(example('orderstream.env')).not.toHaveProperty('DATABASE_MIGRATE_URL');
  expect(loadMigrateUrl({ ...example('orderstream.env'), ...example('owner.env') })).toContain('//owner:');
  const withOwner = units.filter(unit => valuesOf(unit, 'EnvironmentFile').includes('/etc/orderstream/owner.env'));
  expect(withOwner).toEqual(['orderstream-migrate.service']);
});

test('an API process keeps the erasure list where its unit may write, although the rest of the machine is read-only', () => {
  const unit = 'orderstream-api@.service';
  const [list] = valuesOf(unit, 'Environment').filter(line => line.startsWith('ERASURE_LIST='));
  expect(valuesOf(unit, 'ProtectSystem')).toEqual(['strict']);
  expect(dirname(list!.slice('ERASURE_LIST='.length))).toBe(`/var/lib/${valuesOf(unit, 'StateDirectory')[0]}`);
});

describeWithPrograms(['systemd-analyze'], 'systemd', () => {
  test('accepts every unit', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'orderstream-systemd-'));
    for (const unit of units) {
      // It checks that the program exists, and Node may be elsewhere on this machine.
      const text = readFileSync(folder + unit, 'utf8').replace('/usr/bin/node', process.execPath);
      await writeFile(join(scratch, unit), text);
    }
    const run = promisify(execFile);
    const paths = units.map(unit => join(scratch, unit));
    const { stdout, stderr } = await run(installedProgram('systemd-analyze')!, ['verify', ...paths]);
    expect(stdout + stderr).toBe('');
    await rm(scratch, { recursive: true });
  });
});
