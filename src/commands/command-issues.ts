/** Something that no aggregate takes; the path leads to it from the command. */
export interface CommandIssue {
  readonly path: readonly string[];
  readonly message: string;
}

interface Asked {
  readonly command: unknown;
  readonly expectedVersion?: number | undefined;
}

/** What is wrong with any command, whatever it says: one text that the database can't hold fails a whole call of others. */
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
    // Not Object.entries(), and no path for what can have no issue: each command comes by here.
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
