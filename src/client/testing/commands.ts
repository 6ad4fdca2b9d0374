import { type Context, maySee } from './nodes.ts';
import type { Accepted, Command, Input } from './command.ts';
import { orderCommands } from './order-commands.ts';
import { otherCommands } from './other-commands.ts';
import { onlyStaff, type Resolve, visible } from './queries.ts';
import { type Refusal, refusalSource } from './refusals.ts';

const commands: { readonly [Name in string]?: Command } = { ...orderCommands, ...otherCommands };
const keyReused = {
  __typename: 'IdempotencyKeyReusedError',
  message: 'This idempotency key was used for another command: choose another one.',
};

/** A stored command: what a repeat of it gets. */
interface Stored {
  readonly text: string;
  readonly result: object;
  readonly position: string;
}

export interface Commands {
  /** @returns the resolver of a field of Mutation; undefined if there is no such command */
  resolver(name: string): Resolve | undefined;
  /** Forgets the idempotency keys: another log has other commands. */
  forget(): void;
}

/**
 * The fields of Mutation. They change the shop as the server would.
 * @param refusalOf returns the script's refusal of the next call of a command
 */
export function createCommands(refusalOf: (name: string) => Refusal | undefined): Commands {
  const stored = new Map<string, Stored>();

  function run(name: string, command: Command, input: Input, context: Context): object {
    if (command.isForStaff) onlyStaff(context);
    const issues = command.issuesOf?.(input as never) ?? [];
    if (issues.length > 0) return refusalSource({ issues }, [], () => null);
    const text = JSON.stringify([name, input]);
    const key = input.idempotencyKey == null ? undefined : JSON.stringify([context.viewer, input.idempotencyKey]);
    const first = key === undefined ? undefined : stored.get(key);
    if (first && first.text !== text) return keyReused;
    if (first) {
      context.position = first.position;
      return first.result;
    }
    const decided = decide(command, input, context, refusalOf(name));
    if (!('draft' in decided)) return decided;
    const { version, position, id } = context.shop.store(decided.draft, decided.changes);
    const { type } = command;
    const { idField, noun } = namesOf(command);
    const node = (_args: unknown, reader: Context) => visible(reader, reader.shop.row(id));
    const result = { __typename: `${type}CommandPayload`, [idField]: id, version, position, [noun]: node };
    if (key !== undefined) stored.set(key, { text, result, position });
    context.position = position;
    return result;
  }

  return {
    resolver(name) {
      const command = commands[name];
      return command && (({ input }: { readonly input: Input }, context) => run(name, command, input, context));
    },
    forget: () => stored.clear(),
  };
}

function namesOf({ type }: Command) {
  const noun = type.toLowerCase();
  return { noun, idField: `${noun}Id` };
}

/** @returns what to store, or the source of the error's type */
function decide(command: Command, input: Input, context: Context, refusal: Refusal | undefined): Accepted | object {
  const { shop, viewer } = context;
  const { noun, idField } = namesOf(command);
  const id = command.idOf?.(input as never, context) ?? (input[idField] as string | null | undefined);
  const row = id == null ? undefined : shop.find(command.type, id);
  const current = () => (row ? visible(context, shop.row(row.id)) : null);
  const refused = (one: Refusal) => refusalSource(one, ['input', idField], current);
  if (refusal) return refused(refusal);
  if (!command.creates && (!row || !maySee(viewer, row))) {
    return { __typename: 'NotFoundError', message: `There is no ${noun} with this id: check the id.`, id };
  }
  const { expectedVersion } = input;
  if (expectedVersion != null && expectedVersion !== row?.version) {
    const actualVersion = row?.version ?? 0;
    const message = `The ${noun} is at version ${actualVersion}, not ${expectedVersion}: read it again.`;
    return { __typename: 'VersionConflictError', message, expectedVersion, actualVersion, current };
  }
  const decided = command.decide(input as never, context, row as never);
  return 'draft' in decided ? decided : refused(decided);
}
