import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

/** Prints at the very end which tests were skipped; with CI set, a skipped test fails the run. */
export default class LeftOutReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // A developer who selects tests by name knows that the others do not run.
    if (this.vitest?.config.testNamePattern !== undefined) return;
    const leftOut = modules.flatMap(module => skipped(module).map(name => `${module.relativeModuleId} > ${name}`));
    if (leftOut.length === 0) return;
    console.log(`\nSkipped:\n${leftOut.map(name => `  ${name}\n`).join('')}`);
    if (process.env['CI']) process.exitCode = 1;
  }
}

/** The outermost suites that did not run at all, and the tests skipped in the others. */
function skipped(parent: TestModule | TestSuite): string[] {
  return [...parent.children].flatMap(child => {
    if (child.type === 'test') return child.result().state === 'skipped' ? [child.fullName] : [];
    const tests = [...child.children.allTests()];
    const none = tests.length > 0 && tests.every(test => test.result().state === 'skipped');
    return none ? [`${child.fullName} (${tests.length} tests)`] : skipped(child);
  });
}
