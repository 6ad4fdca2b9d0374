import type { Context } from './nodes.ts';
import type { Issue, Refusal } from './refusals.ts';
import type { Row, TypeName } from './rows.ts';
import type { Draft } from './shop.ts';

/** The input of a command, with the fields that several commands have. */
export interface Input {
  readonly [field: string]: unknown;
  readonly idempotencyKey?: string | null;
  readonly expectedVersion?: number | null;
}

/** What a command does: the next row of its object, and the number of its changes in the log. */
export interface Accepted {
  readonly draft: Draft<Row>;
  readonly changes?: number;
}

export interface Command {
  readonly type: TypeName;
  readonly isForStaff?: boolean;
  /** The command makes its object, so none has to exist. */
  readonly creates?: boolean;
  /** The id of its object, if the input may leave it out. */
  readonly idOf?: (input: never, context: Context) => string | null | undefined;
  /** What is wrong with the input itself. */
  readonly issuesOf?: (input: never) => readonly Issue[];
  /** @param row the object; undefined only if the command creates it */
  decide(input: never, context: Context, row: never): Accepted | Refusal;
}

/** The problems of a text that people write; none if it is left out. */
export function textIssues(name: string, text: string | null | undefined, longest: number): Issue[] {
  if (text == null) return [];
  const path = ['input', name];
  if (text.trim() === '') return [{ path, message: `${name} can't be empty.` }];
  return [...text].length > longest ? [{ path, message: `${name} can have at most ${longest} characters.` }] : [];
}
