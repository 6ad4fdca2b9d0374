import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from './vitest.config.ts';

// The tests that mutants have to get past: those of the code that is mutated, and no others.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ...(everything.resolve ? { resolve: everything.resolve } : {}),
  test: {
    include: ['test/unit/{customer,event-store,order,product}/**/*.test.ts', 'test/unit/{golden,ids,money}.test.ts'],
  },
});
