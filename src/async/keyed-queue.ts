/**
 * Runs the calls for one key one after another, and different keys in parallel: so commands for one stream on one
 * node cause no conflict with each other.
 */
export function openKeyedQueue(): <Result>(key: string, run: () => Promise<Result>) => Promise<Result> {
  const tails = new Map<string, Promise<void>>();
  return (key, run) => {
    const before = tails.get(key);
    const result = before ? before.then(run) : run();
    const tail: Promise<void> = result.then(ended, ended);
    function ended(): void {
      if (tails.get(key) === tail) tails.delete(key);
    }
    tails.set(key, tail);
    return result;
  };
}
