import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Routes {
  readonly routers: Readonly<
    Record<string, { service: string; rule: string; entryPoints: string[]; middlewares?: string[]; priority?: number }>
  >;
  readonly middlewares: Readonly<Record<string, object>>;
  readonly services: Readonly<Record<string, { loadBalancer: { servers: { url: string }[]; healthCheck: object } }>>;
}

const read = (name: string): unknown =>
  parse(readFileSync(fileURLToPath(new URL(`../../../deploy/traefik/${name}`, import.meta.url)), 'utf8'));

// Traefik is no package of Debian, so it is not run.
test('every name that a route of Traefik refers to exists, nothing is retried, and /readyz is asked', () => {
  const { entryPoints } = read('traefik.yml') as { entryPoints: Record<string, object> };
  const { http } = read('orderstream.yml') as { http: Routes };
  for (const { service, entryPoints: used, middlewares = [] } of Object.values(http.routers)) {
    expect(Object.keys(http.services)).toContain(service);
    for (const name of used) expect(Object.keys(entryPoints)).toContain(name);
    for (const name of middlewares) expect(Object.keys(http.middlewares)).toContain(name);
  }
  expect(Object.values(http.middlewares).flatMap(Object.keys)).not.toContain('retry');
  const { loadBalancer } = http.services['orderstream']!;
  expect(loadBalancer.healthCheck).toMatchObject({ path: '/readyz' });
  expect(loadBalancer.servers.every(({ url }) => URL.canParse(url))).toBe(true);
});
