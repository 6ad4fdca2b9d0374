import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

/** Names at the very end what a run left out; with CI set, leaving anything out fails the run. */
export default class LeftOutReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Whoever asks for some tests by name knows that the others don't run.
    if (this.vitest?.config.testNamePattern !== undefined) return;
    const leftOut = modules.flatMap(module => skipped(module).map(name => `${module.relativeModuleId} > ${name}`));
    if (leftOut.length === 0) return;
    console.log(`\nLeft out:\n${leftOut.map(name => `  ${name}\n`).join('')}`);
    if (process.env['CI']) process.exitCode = 1;
  }
}

/** The outermost suites of which nothing ran, and the tests skipped in the others. */
function skipped(parent: TestModule | TestSuite): string[] {
  return [...parent.children].flatMap(child => {
    if (child.type === 'test') return child.result().state === 'skipped' ? [child.fullName] : [];
    const tests = [...child.children.allTests()];
    const none = tests.length > 0 && tests.every(test => test.result().state === 'skipped');
    return none ? [`${child.fullName} (${tests.length} tests)`] : skipped(child);
  });
}
