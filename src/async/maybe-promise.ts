/**
 * A value, or a promise of it. An available value is used without a promise: to await it would cost a promise and a
 * turn of the event loop.
 */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Calls the continuation with the value: synchronously if the value is available. */
export function whenReady<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
