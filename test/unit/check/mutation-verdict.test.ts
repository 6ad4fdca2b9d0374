import { describe, expect, test } from 'vitest';
import { type MutationReport, mutationVerdict } from '../../../.config/mutation-verdict.ts';

const file = 'src/order/domain/decide.ts';
const source = 'const a = 1;\nif (a > 0) {\n  go();\n}\n';
type Status = MutationReport['files'][string]['mutants'][number]['status'];

/** `if (…) {…}` with its condition replaced, and a number of killed mutants. */
function report(status: Status, killed: number): MutationReport {
  const location = { start: { line: 2, column: 5 }, end: { line: 2, column: 10 } };
  const dead = Array.from({ length: killed }, () => ({ status: 'Killed' as const, replacement: '', location }));
  const rest = { source: '', mutants: [{ status: 'Killed' as const, replacement: '', location }] };
  return {
    files: { [file]: { source, mutants: [...dead, { status, replacement: 'true', location }] }, 'src/ids.ts': rest },
  };
}

const explained = `- \`${file}\`: \`a > 0\` → \`true\`: it is 1.`;

describe('the verdict on mutants', () => {
  test('is good if enough were killed and each survivor is explained', () => {
    const { passed, findings } = mutationVerdict(report('Survived', 19), `# Survivors\n\n${explained}\n`);
    expect(findings).toContain('| src/*/domain, src/money.ts | 19 | 1 | 95.00 % |');
    expect(findings).toContain('| all mutated files | 20 | 1 | 95.24 % |');
    expect(passed).toBe(true);
  });

  test('is bad if too few were killed', () => {
    expect(mutationVerdict(report('Survived', 18), explained).passed).toBe(false);
  });

  test.each(['Survived', 'NoCoverage'] as const)('is bad if one %s without an explanation, and names it', status => {
    const { passed, findings } = mutationVerdict(report(status, 100), explained.replace('true', 'false'));
    expect(passed).toBe(false);
    expect(findings).toContain(`- \`${file}\`: \`a > 0\` → \`true\`\n`);
  });

  test('is bad if an explained survivor no longer survives: the page would be wrong', () => {
    const { passed, findings } = mutationVerdict(report('Killed', 100), explained);
    expect(passed).toBe(false);
    expect(findings).toContain(`${explained} **no longer survives`);
  });

  test('counts a mutant that never ends as killed', () => {
    expect(mutationVerdict(report('Timeout', 0), '').passed).toBe(true);
  });

  test('prints a mutant of several lines on one line', () => {
    const block = { start: { line: 2, column: 12 }, end: { line: 4, column: 2 } };
    const files = {
      [file]: { source, mutants: [{ status: 'Survived' as const, replacement: '{}', location: block }] },
    };
    expect(mutationVerdict({ files }, '').findings).toContain(`- \`${file}\`: \`{ go(); }\` → \`{}\``);
  });
});
