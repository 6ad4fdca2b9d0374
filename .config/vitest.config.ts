import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
// .ci/run reads the number of passed and failed tests from this file.
const results = process.env['TEST_RESULTS'];

const kills = ['test/faults/kill-*.test.ts'];

/** The tests of test/<name>, with the run's database server and Redis. */
function project(name: string, seconds: number, more: object = {}): object {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: 'test/support/global-setup.ts',
      setupFiles: 'test/support/leak-guard.ts',
      testTimeout: seconds * 1000,
      hookTimeout: seconds * 1000,
      ...more,
    },
  };
}

export default defineConfig({
  root,
  // Otherwise Vitest loads graphql's ES modules while the libraries get its CommonJS modules from Node: two sets of
  // classes.
  resolve: { alias: [{ find: /^graphql$/, replacement: `${root}node_modules/graphql/index.js` }] },
  test: {
    reporters: [
      'default',
      './test/support/left-out-reporter.ts',
      './test/support/log-privacy-reporter.ts',
      './test/support/failures-reporter.ts',
      ...(results ? [['json', { outputFile: results }] as ['json', object]] : []),
    ],
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: 30_000,
    // The timeouts are for tests that hang: a test with a time limit measures the time itself.
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
      project('integration', 180),
      project('e2e', 240),
      // These mostly wait for starts and measure no time, so they run in parallel.
      project('kills', 360, { include: kills }),
      // Each of these starves or disconnects processes. They run one by one, after all others, so that no timing is
      // disturbed.
      project('faults', 360, { exclude: kills, fileParallelism: false, sequence: { groupOrder: 1 } }),
    ],
  },
});
