import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/**
 * A value in the URL's query, so that each state of a page has an address.
 * @param name of the parameter. It is left out of the URL if the value is empty
 */
export function useUrlState(name: string): readonly [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) => {
      setParams(
        before => {
          const next = new URLSearchParams(before);
          if (value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      );
    },
    [name, setParams],
  );
  return [params.get(name) ?? '', set];
}
