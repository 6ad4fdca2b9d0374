/**
 * Runs the calls for one key one after another, and those for different keys in parallel. So commands for one stream
 * on one node never conflict with each other.
 */
export function openKeyedQueue(): <Result>(key: string, run: () => Promise<Result>) => Promise<Result> {
  const tails = new Map<string, Promise<void>>();
  return (key, run) => {
    const previous = tails.get(key);
    const result = previous ? previous.then(run) : run();
    const tail: Promise<void> = result.then(removeTail, removeTail);
    function removeTail(): void {
      if (tails.get(key) === tail) tails.delete(key);
    }
    tails.set(key, tail);
    return result;
  };
}
