import { type Command, objectIdOf } from './commands.ts';

/** Commands about different objects are sent at the same time, but not more than these. */
const mostAtOnce = 4;

/**
 * The commands that may be sent now. A command waits for each earlier one if one of them names the object of the other:
 * an order waits for its product, and a new price for the orders at the old one. If an earlier command gets its id from the
 * server, any later one may be about that object.
 * @param pending oldest first
 */
export function nextCommands<Queued extends Command & { readonly id: number }>(
  pending: readonly Queued[],
  sending: { has(id: number): boolean; readonly size: number },
): Queued[] {
  const next: Queued[] = [];
  const objects = new Set<string>();
  const named = new Set<string>();
  for (const command of pending) {
    if (sending.size + next.length >= mostAtOnce) break;
    const object = objectIdOf(command);
    const names = namesIn(command);
    const isFree = !names.some(name => objects.has(name)) && !(object !== undefined && named.has(object));
    if (isFree && !sending.has(command.id)) next.push(command);
    if (object === undefined) break;
    objects.add(object);
    for (const name of names) named.add(name);
  }
  return next;
}

const names = new WeakMap<Command, readonly string[]>();

/** All ids in the input. */
function namesIn(command: Command): readonly string[] {
  let found = names.get(command);
  if (found === undefined) {
    found = JSON.stringify(command.input).match(/\b[a-z]{3}_[0-9a-f-]{36}\b/g) ?? [];
    names.set(command, found);
  }
  return found;
}
