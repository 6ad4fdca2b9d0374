/** The part of package-lock.json that is read here. */
export interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly license?: string; readonly dev?: boolean; readonly link?: boolean }>
  >;
}

/** Licences that put no duty on users of Orderstream, but to name the authors. */
const allowed = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'Unlicense'],
  'MIT and ISC',
]);

/** Packages that were looked at by a person. */
const reviewed: Readonly<Record<string, string>> = {
  'node_modules/elkjs': 'EPL-2.0; comes with Prisma Studio, a peer of the client; the image does not have it',
  'node_modules/seq-queue': 'its LICENSE file is MIT; its package.json names none',
};

/** @returns a line for each package, not only for development, whose licence is not on the list */
export function foreignLicences({ packages }: Lockfile): string[] {
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path !== '' && dev !== true && link !== true && !(path in reviewed))
    .filter(([, { license }]) => license === undefined || !allowed.has(license))
    .map(([path, { license = 'no licence' }]) => `${path}: ${license}: replace it, or add it to .config/licences.ts`);
}
