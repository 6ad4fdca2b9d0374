import type { Foldable } from './aggregate-cache.ts';
import type { DomainCommand } from './decider.ts';

/** Reads another aggregate on which the decision depends. The append then checks that it has not changed. */
export type ReadState = <State>(decider: Foldable<State>, streamId: string) => Promise<State>;

/**
 * A command that depends on other aggregates. For example, an item is added to an order at the current price of its
 * product. So the command that the decider gets is made from the state of these aggregates, again for each decision.
 */
export interface DependentCommand<Command extends DomainCommand> {
  readonly type: Command['type'];
  /** What the caller sent. The command bus checks its texts before anything is read. */
  readonly input: object;
  readonly complete: (read: ReadState) => Promise<Command>;
}

export function isDependent<Command extends DomainCommand>(
  command: Command | DependentCommand<Command>,
): command is DependentCommand<Command> {
  return 'complete' in command;
}
