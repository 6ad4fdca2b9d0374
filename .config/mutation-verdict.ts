/** The part of Stryker's report that a verdict needs (mutation-testing-report-schema). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'CompileError' | 'RuntimeError' | 'Ignored';
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** Line and column, both starting at 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Verdict {
  readonly passed: boolean;
  /** Markdown. */
  readonly findings: string;
}

/** Minimum score of each group of files, percent. */
const bar = 95;
const groups: Readonly<Record<string, RegExp>> = {
  'src/*/domain, src/money.ts': /^src\/([^/]+\/domain\/|money\.ts$)/,
  'all mutated files': /^src\//,
};

/**
 * Whether the tests killed enough mutants, and every survivor is explained.
 * @param explanations Markdown with a line "- `file`: `original` → `replacement`: why" for each mutant that may
 * survive; a line whose mutant no longer survives is an error, because the page would be wrong
 */
export function mutationVerdict({ files }: MutationReport, explanations: string): Verdict {
  const scores = Object.entries(groups).map(([group, pattern]) => {
    const mutants = Object.keys(files).flatMap(file => (pattern.test(file) ? (files[file]?.mutants ?? []) : []));
    const killed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
    const survived = mutants.filter(survives).length;
    return { group, killed, survived, percent: (100 * killed) / (killed + survived) };
  });
  const survivors = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.filter(survives).map(mutant => described(file, source, mutant)),
  );
  const explained = explanations.split('\n').filter(line => /^- `[^`]+`: `.+` → `/.test(line));
  const unexplained = survivors.filter(survivor => !explained.some(line => line.startsWith(`${survivor}: `)));
  const gone = explained.filter(line => !survivors.some(survivor => line.startsWith(`${survivor}: `)));

  return {
    passed: scores.every(({ percent }) => percent >= bar) && unexplained.length + gone.length === 0,
    findings: [
      `| files | killed | survived | score (bar: ${bar} %) |\n|---|---|---|---|`,
      ...scores.map(({ group, killed, survived, percent }) => {
        return `| ${group} | ${killed} | ${survived} | ${percent.toFixed(2)} % |`;
      }),
      '',
      `${survivors.length - unexplained.length} survivors are explained in docs/proof.md, ${unexplained.length} are not.`,
      '',
      ...unexplained,
      ...gone.map(line => `${line} **no longer survives: remove it from docs/proof.md**`),
    ].join('\n'),
  };
}

function survives({ status }: Mutant): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

function described(file: string, source: string, { replacement = '', location: { start, end } }: Mutant): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const original = lines
    .map((line, index) => line.slice(0, index === lines.length - 1 ? end.column - 1 : undefined))
    .map((line, index) => line.slice(index === 0 ? start.column - 1 : 0))
    .join('\n');
  return `- \`${file}\`: \`${inOneLine(original)}\` → \`${inOneLine(replacement)}\``;
}

function inOneLine(code: string): string {
  return code.replaceAll(/\s+/g, ' ');
}
