import { useCallback, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type LoggedEventFragment } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { countedText, countText, eventNumber } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { useSettled } from '../parts/use-settled.ts';
import { useUrlValues } from '../parts/use-url-values.ts';
import { useViewPosition } from '../parts/use-view-position.ts';
import { routes } from '../routes.ts';
import { EventDetail } from './event-detail.tsx';
import { EventList } from './event-list.tsx';
import { isEmpty, type LogFilter, matches } from './log-filter.ts';
import { LogFilterFields } from './log-filter-fields.tsx';
import './log.css';
import { type EventLog, type LogStart, useEventLog } from './use-event-log.ts';

/** A filter is applied when typing pauses for this long, ms. */
const typingMs = 200;

const all = () => true;

export function LogPage() {
  const [get, set] = useUrlValues();
  const [type, stream, request, who] = [get('type'), get('stream').trim(), get('request').trim(), get('who')];
  const filter = useSettled(
    useMemo<LogFilter>(() => ({ type, stream, request, who }), [type, stream, request, who]),
    typingMs,
  );
  const [pages, setPages] = useState(1);
  const start = startOf(get('from'), pages);
  // Reading the whole log, only what matches is kept: what matches may be older than the newest thousands.
  const wanted = useCallback((event: LoggedEventFragment) => matches(filter, event), [filter]);
  const log = useEventLog(start, start.kind === 'recent' ? all : wanted);
  const [paused, setPaused] = useState<EventLog>();
  const { events } = paused ?? log;
  const shown = useMemo(() => events.filter(event => matches(filter, event)).reverse(), [events, filter]);
  const waiting = paused ? log.readCount - paused.readCount : 0;
  const selected = get('event');
  const event = useMemo(() => events.find(({ position }) => position === selected), [events, selected]);
  const narrow = (values: Partial<LogFilter>) => {
    set({ type: '', stream: '', request: '', who: '', ...values }, { push: true });
  };

  return (
    <div className="log" data-selected={event !== undefined}>
      <div className="page-head">
        <h1>Log</h1>
        <button
          aria-pressed={paused !== undefined}
          onClick={() => {
            setPaused(paused ? undefined : log);
          }}
        >
          {paused ? `Resume${waiting > 0 ? `, ${countText(waiting)} new` : ''}` : 'Pause'}
        </button>
      </div>
      <LogFilterFields
        filter={{ type, stream, request, who }}
        types={[...new Set(events.map(one => one.type))].sort()}
        onChange={values => {
          set(values);
        }}
      />
      {log.error !== undefined && (
        <Problem
          error={log.error}
          onRetry={() => {
            location.reload();
          }}
        />
      )}
      <div className="log-columns">
        <section className="panel log-events" aria-label="Events, newest first">
          <LogPlace
            log={log}
            start={start}
            shown={shown.length}
            isFiltered={!isEmpty(filter)}
            onEarlier={() => {
              setPages(pages + 1);
            }}
            onFrom={from => {
              set({ from }, { push: true });
            }}
          />
          {log.damaged.map(({ position, message }) => (
            <p key={position} className="refusal" data-damaged={position}>
              Event {countText(eventNumber(position))} cannot be read: {message}{' '}
              <Link href={routes.views}>Its stream is parked</Link>
            </p>
          ))}
          {shown.length === 0 && log.isOpen ? (
            <NoEvents isFiltered={!isEmpty(filter)} isWhole={log.isWhole} />
          ) : (
            <EventList
              events={shown}
              selected={selected}
              onSelect={position => {
                set({ event: position });
              }}
            />
          )}
        </section>
        {event ? (
          <EventDetail
            key={event.id}
            event={event}
            before={events[events.indexOf(event) - 1]?.position}
            onNarrow={narrow}
            onClose={() => {
              set({ event: '' });
            }}
          />
        ) : (
          <section className="panel log-hint" aria-label="Event">
            <p className="quiet">Choose an event to see its data, who caused it, and what else its request caused.</p>
          </section>
        )}
      </div>
    </div>
  );
}

function startOf(from: string, pages: number): LogStart {
  if (from === '') return { kind: 'recent', pages };
  return from === 'first' ? { kind: 'first' } : { kind: 'after', position: from };
}

/** How much of the log was read, and how to read more of it. */
function LogPlace(props: {
  log: EventLog;
  start: LogStart;
  shown: number;
  isFiltered: boolean;
  onEarlier: () => void;
  onFrom: (from: string) => void;
}) {
  const { log, start, shown, isFiltered, onEarlier, onFrom } = props;
  const head = useViewPosition();
  const [last, total] = [log.position, head].map(position => (position === undefined ? 0 : eventNumber(position)));
  // Once it has caught up, it follows: then it is behind by what is on its way.
  const [hasCaughtUp, setCaughtUp] = useState(false);
  const isBehind = !log.isOpen || total === 0 || (last ?? 0) < (total ?? 0);
  if (!isBehind && !hasCaughtUp) setCaughtUp(true);
  if (!log.isOpen && hasCaughtUp) setCaughtUp(false);
  const isReading = isBehind && !hasCaughtUp;
  return (
    <header>
      <span className="quiet small" role="status">
        {isReading
          ? `Reading… ${countText(last ?? 0)}${total ? ` of ${countText(total)}` : ''} events`
          : isFiltered
            ? `${countedText(shown, 'event')} of the ${log.isWhole ? '' : 'last '}${countText(log.readCount)} match`
            : `${log.isWhole ? 'All' : 'The last'} ${countedText(log.readCount, 'event')}`}
      </span>
      <span className="row">
        {start.kind !== 'recent' && (
          <button
            className="plain"
            onClick={() => {
              onFrom('');
            }}
          >
            Only recent events
          </button>
        )}
        {start.kind === 'recent' && !log.isWhole && log.isOpen && (
          <button className="plain" onClick={onEarlier}>
            Earlier events
          </button>
        )}
        {start.kind !== 'first' && !log.isWhole && log.isOpen && (
          <button
            className="plain"
            onClick={() => {
              onFrom('first');
            }}
          >
            Whole log
          </button>
        )}
      </span>
    </header>
  );
}

function NoEvents({ isFiltered, isWhole }: { isFiltered: boolean; isWhole: boolean }) {
  if (!isFiltered) {
    return (
      <EmptyState title="The log is empty">
        <p>Whatever is stored appears here at once: start the simulation on the board.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No event matches">
      <p>{isWhole ? 'Change the filter.' : 'It may be older: read the whole log with the button above.'}</p>
    </EmptyState>
  );
}
