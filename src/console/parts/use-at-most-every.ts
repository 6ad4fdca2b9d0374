import { useEffect, useRef } from 'react';

/** Calls it after a change of the value, at most once in the interval, and always after the last change. */
export function useAtMostEvery(intervalMs: number, value: unknown, call: () => void): void {
  const lastMs = useRef(performance.now());
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    const timer = setTimeout(
      () => {
        lastMs.current = performance.now();
        latest.current();
      },
      Math.max(100, lastMs.current + intervalMs - performance.now()),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [value, intervalMs]);
}
