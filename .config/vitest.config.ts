import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
// .ci/run reads the number of passed and failed tests from this file.
const results = process.env['TEST_RESULTS'];

/** They replace modules before these are loaded, which works only in a process of their own. */
const replacing = [
  'test/e2e/plugins.test.ts',
  'test/e2e/readme-walk.test.ts',
  'test/e2e/server-audits.test.ts',
  'test/integration/adding-an-aggregate.test.ts',
  'test/integration/group-commit.test.ts',
];

/** They load the schema of the slices. The other unit tests add types of their own to the same builder. */
const wholeSchema = [
  'test/unit/client/schema.test.ts',
  'test/unit/commands/command-hash.test.ts',
  'test/unit/development/graphiql-page.test.ts',
  'test/unit/golden.test.ts',
  'test/unit/slices.test.ts',
];

/** They measure CPU time, so they run one by one, after all others. */
const measuresCpu = ['test/faults/attacks.test.ts', 'test/faults/generated-documents.test.ts'];

/** They take minutes: `npm run proof` runs them. */
const takesMinutes = ['test/faults/alerts.test.ts', 'test/faults/runbooks.test.ts'];

/**
 * They start the program, its commands, npm or a browser, again and again. Most of their time is the start of processes,
 * so a newcomer's `npm test` does without them.
 */
const startsPrograms = [
  'test/e2e/command-help.test.ts',
  'test/e2e/command-json.test.ts',
  'test/e2e/commands-end.test.ts',
  'test/e2e/erasure-list.test.ts',
  'test/e2e/console/*.test.ts',
  'test/e2e/graphiql.test.ts',
  'test/e2e/hostile-settings.test.ts',
  'test/e2e/pasted-lines.test.ts',
  'test/integration/migrate-command.test.ts',
  'test/integration/start-refusals.test.ts',
  'test/unit/client/package.test.ts',
];

/** The tests of test/unit, without servers. */
function unit(name: string, files: object): object {
  return {
    extends: true,
    test: { name, isolate: false, testTimeout: 300_000, hookTimeout: 300_000, ...files },
  };
}

/** The tests of test/<name>, with the run's database server and Redis. */
function project(name: string, seconds: number, more: object = {}): object {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [...replacing, ...startsPrograms],
      globalSetup: 'test/support/global-setup.ts',
      setupFiles: 'test/support/leak-guard.ts',
      // A process runs many files: most of a short file's time would be the loading of the program.
      isolate: false,
      // The time limits are for tests that hang: a test that promises a time measures it.
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
    // One more than the cores of a small machine: while a test waits for a server or a child process, another one runs.
    maxWorkers: 3,
    teardownTimeout: 30_000,
    projects: [
      // npm test
      unit('unit', { include: ['test/unit/**/*.test.ts'], exclude: [...wholeSchema, ...startsPrograms] }),
      unit('unit-schema', { include: wholeSchema }),
      project('integration', 300),
      project('e2e', 300),
      project('replacing', 300, { include: replacing, exclude: [], isolate: true }),
      // npm run proof -- console
      project('console', 600),
      // npm run proof -- alerts runbooks
      project('operating', 600, { include: takesMinutes, exclude: [], isolate: true }),
      // npm run test:faults. These kill, stop and disconnect processes. Mostly they wait, so they run in parallel.
      project('programs', 300, { include: startsPrograms, exclude: [] }),
      project('kills', 600),
      project('faults', 600, { isolate: true, exclude: [...measuresCpu, ...takesMinutes] }),
      project('cpu', 600, {
        include: measuresCpu,
        exclude: [],
        isolate: true,
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
    ],
  },
});
