import type { Info } from './field.ts';
import { isPromise } from './is-promise.ts';

/** @throws if the value is null */
export function requireNonNull(info: Info, completed: unknown): unknown {
  if (completed === null) {
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  }
  return isPromise(completed) ? requireNonNullLater(info, completed) : completed;
}

function requireNonNullLater(info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(one => requireNonNull(info, one));
}
