/** What is there at once, or comes later: who awaits each of them makes a promise and a turn of what needs none. */
export type NowOrLater<Value> = Value | Promise<Value>;

/** Goes on with it, now where it is there. */
export function onceThere<Value, Result>(
  value: NowOrLater<Value>,
  goOn: (value: Value) => NowOrLater<Result>,
): NowOrLater<Result> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
