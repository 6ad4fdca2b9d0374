import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import { type LoggedEventFragment } from '../generated/graphql.ts';
import { clockText, countText, eventNumber } from '../parts/format.ts';
import { eventWords } from '../order/event-words.ts';
import { ActorName } from './actor-name.tsx';

/** Height of a row, px. */
const rowHeight = 52;
/** Rows that Page Up and Page Down pass. */
const pageRows = 10;

/** Events, newest first. Arrow keys go from one to the next. */
export function EventList(props: {
  events: readonly LoggedEventFragment[];
  /** The position of the selected event. */
  selected: string;
  onSelect: (position: string) => void;
}) {
  const { events, selected, onSelect } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: index => events[index]?.id ?? index,
    overscan: 8,
    useFlushSync: false,
  });
  useSteadyScroll(scroller, events);
  const at = events.findIndex(({ position }) => position === selected);

  function onKeyDown(event: KeyboardEvent) {
    const last = events.length - 1;
    const next = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + pageRows,
      PageUp: at - pageRows,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = Math.min(Math.max(next, 0), last);
    const chosen = events[index];
    if (!chosen) return;
    onSelect(chosen.position);
    virtual.scrollToIndex(index);
  }

  return (
    <div
      ref={scroller}
      className="log-scroll"
      role="listbox"
      aria-label="Events"
      aria-activedescendant={at < 0 ? undefined : `event-${selected}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" className="log-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const event = events[index];
          if (!event) return null;
          return (
            <div
              key={key}
              id={`event-${event.position}`}
              role="option"
              aria-selected={index === at}
              aria-posinset={index + 1}
              aria-setsize={events.length}
              className="log-row"
              data-event={event.type}
              data-role={event.actorRole}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => {
                onSelect(event.position);
              }}
            >
              <span className="log-number mono">{countText(eventNumber(event.position))}</span>
              <span className="log-what">
                <strong>{eventWords(event.type)}</strong>
                <span className="quiet small mono">
                  {event.streamId.slice(0, 12)}… v{event.version}
                </span>
              </span>
              <span className="log-gist quiet small mono">{gistOf(event.data)}</span>
              <ActorName event={event} />
              <time className="quiet small" dateTime={event.recordedAt}>
                {clockText(Date.parse(event.recordedAt))}
              </time>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Characters of the data in a row: what does not fit is cut off anyway. */
const gistLength = 120;

/** The beginning of the data, without what is punctuation in JSON. */
function gistOf(data: unknown): string {
  // Ids are long, and say nothing at a glance.
  const told = Object.entries(data as object).filter(([name, value]) => value !== null && !name.endsWith('Id'));
  const parts = told.map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  );
  return parts.join('  ').slice(0, gistLength);
}

/** Who has scrolled down reads on undisturbed: rows that come on top do not move theirs. */
function useSteadyScroll(
  scroller: { readonly current: HTMLDivElement | null },
  events: readonly LoggedEventFragment[],
) {
  const before = useRef(events);
  useLayoutEffect(() => {
    const [known] = before.current;
    before.current = events;
    const { current } = scroller;
    if (!current || !known || current.scrollTop < rowHeight) return;
    const added = events.findIndex(({ id }) => id === known.id);
    if (added > 0) current.scrollTop += added * rowHeight;
  }, [scroller, events]);
}
