import { expect } from 'vitest';
import type { Decider, DomainCommand, DomainEvent } from '../../src/commands/decider.ts';

interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * `given(decider, events).when(command).then(events)`, or `.thenRejected(reason, path?)`. Every rejection must have a
 * sentence that says what to do and a path into the mutation's input; every acceptance must fold on from the given
 * events.
 */
export function given<State, Command extends DomainCommand, Event extends DomainEvent, Rejection extends Refusal>(
  decider: Decider<State, Command, Event, Rejection>,
  events: readonly NoInfer<Event>[],
) {
  const fold = (state: State, more: readonly Event[]) => more.reduce(decider.evolve, state);
  const state = fold(decider.initialState, events);
  return {
    when(command: Command) {
      const decision = decider.decide(command, state);
      return {
        then(expected: readonly Event[]): void {
          expect(decision).toEqual({ type: 'accepted', events: expected });
          fold(state, expected);
        },
        thenRejected(reason: Rejection['reason'], path?: readonly string[]): void {
          const message: unknown = expect.stringMatching(/^[A-Z].+\.$/);
          const expectedPath: unknown = path ?? expect.arrayContaining(['input']);
          expect(decision).toEqual({ type: 'rejected', rejection: { reason, message, path: expectedPath } });
        },
      };
    },
  };
}
