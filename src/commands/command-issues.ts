/** A problem of a command that every aggregate rejects; the path leads to it from the command. */
export interface CommandIssue {
  readonly path: readonly string[];
  readonly message: string;
}

interface Asked {
  readonly command: unknown;
  readonly expectedVersion?: number | undefined;
}

/**
 * Finds problems that any command can have: one text that the database cannot store would fail a whole call of other
 * commands.
 */
export function commandIssues({ command, expectedVersion }: Asked): readonly CommandIssue[] {
  const issues: CommandIssue[] = [];
  if (expectedVersion !== undefined && expectedVersion < 0) {
    issues.push({ path: ['expectedVersion'], message: "A version can't be negative." });
  }
  collect(command, [], issues);
  return issues;
}

function collect(value: unknown, path: readonly string[], issues: CommandIssue[]): void {
  if (typeof value === 'string') {
    if (unstorable.test(value))
      issues.push({ path, message: `${path.at(-1) ?? 'The command'} has characters that no text has.` });
  } else if (typeof value === 'object' && value !== null) {
    // Not Object.entries(), and no path for fields that cannot have a problem: every command runs through here.
    for (const key in value) {
      const member = (value as Readonly<Record<string, unknown>>)[key];
      const mayHave = typeof member === 'object' || (typeof member === 'string' && unstorable.test(member));
      if (mayHave) collect(member, [...path, key], issues);
    }
  }
}

/** NUL, and halves of a surrogate pair. */
// eslint-disable-next-line no-control-regex -- the one that PostgreSQL refuses
const unstorable = /[\u0000\p{Surrogate}]/u;
