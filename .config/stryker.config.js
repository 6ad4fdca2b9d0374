/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [
    // The complete domain,
    'src/*/domain/**/*.ts',
    'src/*/decider.ts',
    'src/money.ts',
    // and the code that determines stored names and bytes.
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
  // The few mutants of code that runs at import are worth the time: the table of currencies is one of them.
  warnings: { slow: false },
};
