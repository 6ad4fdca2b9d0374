/** Resolves after a time, ms, or as soon as the signal, if there is one, aborts. It needs no Node module: pages use it, too. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
