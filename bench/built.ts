import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Imports a part of the built program: we measure what runs in production, not a TypeScript loader. */
export function built<Part>(file: string): Promise<Part> {
  return import(new URL(`../dist/${file}`, import.meta.url).href) as Promise<Part>;
}
