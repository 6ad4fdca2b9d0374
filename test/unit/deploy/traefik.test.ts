import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

type Named<Part> = Readonly<Record<string, Part>>;

/** `routers`, `middlewares` and `services`. */
type Routes = Named<Named<Named<unknown>>>;

const read = (name: string): unknown =>
  parse(readFileSync(fileURLToPath(new URL(`../../../deploy/traefik/${name}`, import.meta.url)), 'utf8'));

// Traefik is no package of Debian, so it is not run.
test('every name that a route of Traefik refers to exists, nothing is retried, and /readyz is asked', () => {
  const { entryPoints } = read('traefik.yml') as { entryPoints: Record<string, object> };
  const { http } = read('orderstream.yml') as { http: Routes };
  const namesOf = (part: string) => Object.keys(http[part] ?? {});
  for (const router of Object.values(http['routers'] ?? {})) {
    expect(namesOf('services')).toContain(router['service']);
    for (const name of router['entryPoints'] as string[]) expect(Object.keys(entryPoints)).toContain(name);
    for (const name of (router['middlewares'] ?? []) as string[]) expect(namesOf('middlewares')).toContain(name);
  }
  expect(Object.values(http['middlewares'] ?? {}).flatMap(Object.keys)).not.toContain('retry');
  const balancer = http['services']?.['orderstream']?.['loadBalancer'];
  expect(balancer).toMatchObject({ healthCheck: { path: '/readyz' } });
  const { servers } = balancer as { servers: readonly { readonly url: string }[] };
  expect(servers.map(({ url }) => URL.canParse(url))).toEqual([true, true]);
});
