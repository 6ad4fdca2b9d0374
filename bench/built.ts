import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A part of the program as it is built: measured as it runs in production, not as a loader of TypeScript runs it. */
export function built<Part>(file: string): Promise<Part> {
  return import(new URL(`../dist/${file}`, import.meta.url).href) as Promise<Part>;
}
