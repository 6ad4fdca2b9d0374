import type { DomainCommand } from './decider.ts';
import { type DependentCommand, isDependent } from './dependent-command.ts';

/** A problem of a command that every aggregate rejects; the path leads to it from the command. */
export interface CommandIssue {
  readonly path: readonly string[];
  readonly message: string;
}

interface CheckedCall {
  readonly command: DomainCommand | DependentCommand<DomainCommand>;
  readonly expectedVersion?: number | undefined;
}

/**
 * Finds problems that any command can have. A text that the database can't store would make the whole call fail,
 * together with the commands of other callers in it.
 */
export function commandIssues({ command, expectedVersion }: CheckedCall): readonly CommandIssue[] {
  const issues: CommandIssue[] = [];
  if (expectedVersion !== undefined && expectedVersion < 0) {
    issues.push({ path: ['expectedVersion'], message: "A version can't be negative." });
  }
  collect(isDependent(command) ? command.input : command, [], issues);
  return issues;
}

function collect(value: unknown, path: readonly string[], issues: CommandIssue[]): void {
  if (typeof value === 'string') {
    if (unstorable.test(value))
      issues.push({ path, message: `${path.at(-1) ?? 'The command'} contains characters that can't be stored.` });
  } else if (typeof value === 'object' && value !== null) {
    // Object.entries() is avoided, and no path is built for fields without problems, because every command is checked
    // here.
    for (const key in value) {
      const member = (value as Readonly<Record<string, unknown>>)[key];
      const mayHave = typeof member === 'object' || (typeof member === 'string' && unstorable.test(member));
      if (mayHave) collect(member, [...path, key], issues);
    }
  }
}

/** NUL and unpaired surrogates. PostgreSQL can't store them. */
// eslint-disable-next-line no-control-regex -- the one that PostgreSQL refuses
const unstorable = /[\u0000\p{Surrogate}]/u;
