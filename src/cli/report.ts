/** What a command has found or done: as text for people, and as one value for programs. */
export interface Report {
  /** False: exit code 1. */
  readonly ok: boolean;
  readonly lines: readonly string[];
  /** What `--json` prints, after `ok`. docs/operating/commands.md shows it for each command. */
  readonly value: object;
}

/** The option that every command has, except `npm start`. */
export const jsonOption = { json: { type: 'boolean' } } as const;

/** Prints nothing else to standard output, so that a program can read it. @returns the exit code */
export function printReport({ ok, lines, value }: Report, asJson: boolean | undefined): number {
  if (asJson) console.log(JSON.stringify({ ok, ...value }));
  else for (const line of lines) console.log(line);
  return ok ? 0 : 1;
}

/** Where a command prints what is not its result: progress, lost connections. */
export function sideLine(asJson: boolean | undefined): (line: string) => void {
  return asJson ? line => console.error(line) : line => console.log(line);
}
