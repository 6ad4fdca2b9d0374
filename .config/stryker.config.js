/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [
    // The business, whole,
    'src/*/domain/**/*.ts',
    'src/*/decider.ts',
    'src/money.ts',
    // and what stored names and bytes rest on.
    'src/product/product-id.ts',
    'src/ids.ts',
    'src/event-store/{event-types,personal-data,position}.ts',
  ],
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: '.config/vitest.mutation.config.ts' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  reporters: ['clear-text', 'json', 'html'],
  clearTextReporter: { logTests: false, reportTests: false },
  jsonReporter: { fileName: 'proof/mutation.json' },
  htmlReporter: { fileName: 'proof/mutation.html' },
  tempDirName: 'proof/.stryker',
  cleanTempDir: 'always',
  ignorePatterns: ['dist', 'proof'],
  // The few mutants of what runs at import are worth their time: the table of currencies is one.
  warnings: { slow: false },
};
