import { useCallback, useState } from 'react';

const prefix = 'orderstream typed ';

/**
 * What a person types, kept in this tab until it is sent or cancelled: a reload does not lose it.
 * @param key of the form and its object
 * @returns undefined: nothing is being edited
 */
export function useKept<Value>(key: string): readonly [Value | undefined, (value: Value | undefined) => void] {
  const [value, setValue] = useState(() => read<Value>(key));
  const set = useCallback(
    (next: Value | undefined) => {
      if (next === undefined) sessionStorage.removeItem(prefix + key);
      else sessionStorage.setItem(prefix + key, JSON.stringify(next));
      setValue(next);
    },
    [key],
  );
  return [value, set];
}

function read<Value>(key: string): Value | undefined {
  const text = sessionStorage.getItem(prefix + key);
  return text === null ? undefined : (JSON.parse(text) as Value);
}
