/** Waits that can be cut short: if the network is back, no client should sit out its backoff. */
export interface Pauses {
  /** Resolves after the time, after `wake()`, or as soon as the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends all waits. */
  readonly wake: () => void;
}

export function createPauses(): Pauses {
  const waiting = new Set<() => void>();
  return {
    wait: (ms, signal) =>
      new Promise(resolve => {
        const end = () => {
          clearTimeout(timer);
          waiting.delete(end);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        waiting.add(end);
        signal?.addEventListener('abort', end);
        if (signal?.aborted) end();
      }),
    wake() {
      for (const end of [...waiting]) end();
    },
  };
}
