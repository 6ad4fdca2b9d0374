import { type RefObject, useLayoutEffect, useRef } from 'react';
import { hasJustChanged } from './recent-frames.ts';

const stillness = matchMedia('(prefers-reduced-motion: reduce)');
/** The column in which each card was last seen, by the order's id. */
const places = new Map<string, string>();

/** Lets a card slide in from the column that it leaves, and light up when a frame has changed it. */
export function useCardMotion(
  card: RefObject<HTMLElement | null>,
  { id, version, column }: { id: string; version: number; column: string },
): void {
  const shownVersion = useRef<number>(undefined);
  useLayoutEffect(() => {
    const isFirst = shownVersion.current === undefined;
    const isChanged = shownVersion.current !== version && hasJustChanged(id);
    shownVersion.current = version;
    const from = places.get(id);
    places.set(id, column);
    const element = card.current;
    if (!element || !isChanged) return;
    if (isFirst && !stillness.matches) slideIn(element, from === column ? undefined : from, column);
    element.animate(
      [{ backgroundColor: 'var(--flash)', borderColor: 'var(--tone)' }, { backgroundColor: 'var(--raised)' }],
      { duration: 1_200, easing: 'ease-out' },
    );
  }, [card, id, version, column]);
}

function slideIn(element: HTMLElement, from: string | undefined, to: string): void {
  const distance = from === undefined ? 0 : leftOf(from) - leftOf(to);
  element.animate(
    distance === 0
      ? [
          { opacity: 0, scale: '0.94' },
          { opacity: 1, scale: '1' },
        ]
      : [
          { translate: `${distance}px 0`, zIndex: 2, boxShadow: 'var(--shadow-high)' },
          { translate: '0 0', zIndex: 2, boxShadow: 'var(--shadow)' },
        ],
    { duration: distance === 0 ? 260 : 460, easing: 'cubic-bezier(0.2, 0.8, 0.25, 1)' },
  );
}

function leftOf(column: string): number {
  return document.querySelector(`[data-column="${column}"]`)?.getBoundingClientRect().left ?? 0;
}
