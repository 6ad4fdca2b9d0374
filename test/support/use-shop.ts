import { type Environment, type SpawnedApp, spawnApp, startApp, type TestApp } from './app.ts';
import type { TestDatabase } from './postgres.ts';
import { openShop, type Shop } from './shop.ts';
import { useDatabase } from './use-database.ts';
import { type Lifetime, useResource } from './use-resource.ts';

export interface DatabaseWithApp<App> {
  readonly database: TestDatabase;
  readonly app: App;
}

/** A database and an app on it, inside this process. */
export function useApp(env: Environment = {}, lifetime?: Lifetime): DatabaseWithApp<TestApp> {
  return withApp(startApp, env, lifetime);
}

/** A database, an app on it and a shop in it, from a file's first test to its last one. */
export function useShop(env: Environment = {}): DatabaseWithApp<TestApp> & { readonly shop: Shop } {
  return withShop(withApp(startApp, env));
}

/** As useShop(), with the app in its own process. */
export function useSpawnedShop(env: Environment = {}): DatabaseWithApp<SpawnedApp> & { readonly shop: Shop } {
  return withShop(withApp(spawnApp, env));
}

function withApp<App extends TestApp | SpawnedApp>(
  start: (env: Environment) => Promise<App>,
  env: Environment,
  lifetime?: Lifetime,
): DatabaseWithApp<App> {
  const database = useDatabase(lifetime);
  const open = () => start({ DATABASE_URL: database.url, ...env });
  return { database, app: useResource(open, app => app.stop(), lifetime) };
}

function withShop<App extends TestApp | SpawnedApp>(served: DatabaseWithApp<App>) {
  return { ...served, shop: useResource(() => openShop(served.app.url)) };
}
