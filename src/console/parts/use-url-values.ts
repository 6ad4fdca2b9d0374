import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/**
 * Several values in the URL's query that change together.
 * @returns the value of a name, '' if it is not in the URL; and a function that sets some of them
 */
export function useUrlValues(): readonly [
  (name: string) => string,
  (values: Readonly<Record<string, string>>, options?: { readonly push: boolean }) => void,
] {
  const [params, setParams] = useSearchParams();
  const get = useCallback((name: string) => params.get(name) ?? '', [params]);
  const set = useCallback(
    (values: Readonly<Record<string, string>>, options?: { readonly push: boolean }) => {
      setParams(
        before => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value === '') next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: options?.push !== true },
      );
    },
    [setParams],
  );
  return [get, set];
}
