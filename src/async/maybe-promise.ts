/**
 * A value that is available at once, or a promise of it: awaiting every value would cost a promise and a turn of the
 * event loop each time.
 */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Continues with the value: at once if it is available. */
export function whenReady<Value, Result>(
  value: MaybePromise<Value>,
  goOn: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
