import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from './vitest.config.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const slices = readdirSync(`${root}src`).filter(folder => existsSync(`${root}src/${folder}/slice.ts`));

// The tests that run against mutants: only those of the mutated code.
export default defineConfig({
  root,
  ...(everything.resolve ? { resolve: everything.resolve } : {}),
  test: {
    include: [
      `test/unit/{${[...slices, 'event-store'].join()}}/**/*.test.ts`,
      'test/unit/{golden,ids,money,slices}.test.ts',
    ],
  },
});
