import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrations.ts';
import { databaseUrl, onDatabase } from '../support/on-database.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres } from '../support/private-postgres.ts';
import { smallDisk } from '../support/small-disk.ts';
import { openWorld } from './world.ts';

const megabytes = 48;
const needs = process.getuid?.() === 0 ? '' : ' (needs root, for a file system of its own)';

describe.skipIf(needs !== '')(`PostgreSQL’s disk full under load${needs}`, () => {
  test('commands are answered UNAVAILABLE, and stored when there is room again: no acknowledged command is lost or doubled, views converge, and /readyz reports the truth', async () => {
    const postgres = await startPostgres({ log_line_prefix: '%e ' });
    const disk = await smallDisk(megabytes, await ownerOf(postgres.pid));
    await onDatabase(postgres.url, async client => {
      await client.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
      await client.query('CREATE DATABASE full_disk TABLESPACE small');
    });
    const url = databaseUrl(postgres.url, 'full_disk');
    await migrate(url);
    const world = await openWorld({ database: url });
    const refusals = () =>
      postgres
        .log()
        .split('\n')
        .filter(line => line.startsWith('53100 ERROR')).length;

    const ballast = join(disk.folder, 'ballast');
    await world.meet({
      name: 'the disk is full',
      begin: () => writeFile(ballast, new Uint8Array(megabytes << 20)).catch(() => undefined), // as much as fits
      lasts: () => eventually(() => expect(refusals()).toBeGreaterThan(20)),
      storesOn: false,
      // Stored data can be read; the lag of the views is reported too.
      said: [{ of: world.members, is: 'serving' }],
      end: () => rm(ballast),
      bites: refusals,
    });
    await world.close();
    await postgres.remove();
    await disk.remove();
  });
});

async function ownerOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}
