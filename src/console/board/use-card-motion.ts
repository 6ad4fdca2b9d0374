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
    if (isFirst && !stillness.matches) enter(element, id, from === column ? undefined : from, column);
    element.animate(
      [{ backgroundColor: 'var(--flash)', borderColor: 'var(--tone)' }, { backgroundColor: 'var(--raised)' }],
      { duration: 1_200, easing: 'ease-out' },
    );
  }, [card, id, version, column]);
}

const flightMs = 480;
const easing = 'cubic-bezier(0.2, 0.8, 0.25, 1)';

/** The copies that are on their way, by the order's id. */
const flights = new Map<string, Animation>();

/** @param from the column that it has left; undefined: the order is new on the board */
function enter(element: HTMLElement, id: string, from: string | undefined, to: string): void {
  // Otherwise an order that moves on at once would be seen twice.
  flights.get(id)?.cancel();
  const distance = from === undefined ? 0 : leftOf(from) - leftOf(to);
  if (distance === 0) {
    element.animate([{ opacity: 0, scale: '0.94' }, {}], { duration: 260, easing });
    return;
  }
  // A copy flies above the columns, which would clip the card itself.
  const { left, top, width, height } = element.getBoundingClientRect();
  const copy = element.cloneNode(true) as HTMLElement;
  copy.inert = true;
  copy.ariaHidden = 'true';
  copy.removeAttribute('data-order-id');
  copy.classList.add('flying');
  Object.assign(copy.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  document.body.append(copy);
  element.animate([{ opacity: 0 }, { opacity: 0 }], { duration: flightMs });
  const flight = copy.animate([{ translate: `${distance}px 0` }, { translate: '0 0' }], { duration: flightMs, easing });
  flights.set(id, flight);
  const land = () => {
    copy.remove();
    if (flights.get(id) === flight) flights.delete(id);
  };
  flight.onfinish = land;
  flight.oncancel = land;
}

function leftOf(column: string): number {
  return document.querySelector(`[data-column="${column}"]`)?.getBoundingClientRect().left ?? 0;
}
