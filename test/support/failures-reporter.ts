import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestModule } from 'vitest/node';

const mostShown = 500;

/**
 * Prints at the very end what failed, with the first line of each first error: of a long log, the end is what
 * remains.
 */
export default class FailuresReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const failed = modules.flatMap(module => [
      ...module.errors().map(error => ({ name: module.relativeModuleId, error })),
      ...[...module.children.allSuites()].flatMap(suite =>
        suite.errors().map(error => ({ name: `${module.relativeModuleId} > ${suite.fullName}`, error })),
      ),
      ...[...module.children.allTests('failed')].map(test => ({
        name: `${module.relativeModuleId} > ${test.fullName}`,
        error: test.result().errors?.[0],
      })),
    ]);
    if (failed.length === 0) return;
    const lines = failed.map(({ name, error }) => {
      const [firstLine = ''] = stripVTControlCharacters(error?.message ?? 'no error').split('\n');
      return `  ${name}\n    ${firstLine.slice(0, mostShown)}\n`;
    });
    console.log(`\nFailed:\n${lines.join('')}`);
  }
}
