import { afterAll, beforeAll } from 'vitest';
import { type Environment, startApp, type TestApp } from './app.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { openShop, type Shop } from './shop.ts';

/** A database, an app on it and a shop in it, from a file's first test to its last one. */
export function useShop(env: Environment = {}): { database: TestDatabase; app: TestApp; shop: Shop } {
  // Filled before the first test; files destructure it when they load.
  const [database, app, shop] = [{} as TestDatabase, {} as TestApp, {} as Shop];
  beforeAll(async () => {
    Object.assign(database, await freshDatabase());
    Object.assign(app, await startApp({ DATABASE_URL: database.url, ...env }));
    Object.assign(shop, await openShop(app.url));
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
  });
  return { database, app, shop };
}
