import type { Reporter } from 'vitest/node';
import { findingsIn, readRunLog, runLogFolder } from './run-log.ts';

const mostShown = 20;

/**
 * Reads, after all tests, everything that the programs of this run have logged: personal data or a secret fails the
 * run.
 */
export default class LogPrivacyReporter implements Reporter {
  onTestRunEnd(): void {
    const folder = runLogFolder();
    if (folder === undefined) return; // only tests that start no program
    const log = readRunLog(folder);
    const lines = log.files.reduce((sum, file) => sum + file.lines.length, 0);
    const findings = findingsIn(log);
    console.log(
      `\nLog of the run: ${lines} lines of ${log.files.length} processes, ${log.secrets.length} names and secrets of the ` +
        `tests, found in ${findings.length} lines`,
    );
    if (findings.length === 0) return;
    for (const { what, file, line } of findings.slice(0, mostShown)) console.log(`  ${file}: ${what}: ${line}`);
    process.exitCode = 1;
  }
}
