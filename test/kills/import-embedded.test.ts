import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { allOrders } from '../support/all-orders.ts';
import { runCli } from '../support/cli.ts';
import { expectedProducts, importKilledHalfWay, productsAt, serving, shown } from '../support/imported.ts';
import { byReference, orderLinesIn } from '../support/order-lines.ts';

test('on the embedded database, an import that was killed resumes, its views are complete, and a repeated one adds nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-import-'));
  try {
    const file = orderLinesIn(folder);
    const env = { DATA_DIR: join(folder, 'data') };
    await importKilledHalfWay(file, env);
    const { database, close } = await openDatabase({ databaseUrl: undefined, dataDir: env.DATA_DIR });
    const { position } = await readCheckpoint(database);
    expect(position).toEqual(await readHead(database));
    await close();

    await serving(env, async url => {
      expect((await allOrders(url)).sort(byReference).map(shown)).toEqual(file.orders);
      expect(await productsAt(url)).toEqual(expectedProducts(file));

      const refused = await runCli('import', [file.path], env);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^DATA_DIR: .+ is in use by process \d+: stop that process, or .+\n$/);
    });
    const again = await runCli('import', [file.path], env);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/^commands: 0 new, [\d,]+ stored before$/m);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
