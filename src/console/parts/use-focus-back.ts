import { useCallback, useRef } from 'react';

/**
 * Gives the focus back to the button that opened a form, as soon as the button is shown again.
 * @returns the button's ref, and a function to call when the form closes
 */
export function useFocusBack(): readonly [(button: HTMLButtonElement | null) => void, () => void] {
  const isDue = useRef(false);
  const button = useCallback((element: HTMLButtonElement | null) => {
    if (!element || !isDue.current) return;
    isDue.current = false;
    element.focus();
  }, []);
  const closed = useCallback(() => {
    isDue.current = true;
  }, []);
  return [button, closed];
}
