import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from './vitest.config.ts';

// The tests that run against mutants: only those of the mutated code.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ...(everything.resolve ? { resolve: everything.resolve } : {}),
  test: {
    include: ['test/unit/{customer,event-store,order,product}/**/*.test.ts', 'test/unit/{golden,ids,money}.test.ts'],
  },
});
