import { useEffect, useRef, useState } from 'react';
import { EventLogDocument, type LoggedEventFragment } from '../generated/graphql.ts';
import { findStart } from './find-start.ts';
import { type DamagedEvent, followLog } from '../follow-log.ts';

/** Where the page begins to read: not long ago, with the first event, or after a position. */
export type LogStart =
  | { readonly kind: 'recent'; readonly pages: number }
  | { readonly kind: 'first' }
  | { readonly kind: 'after'; readonly position: string };

export interface EventLog {
  /** Oldest first. */
  readonly events: readonly LoggedEventFragment[];
  readonly damaged: readonly DamagedEvent[];
  /** The number of events that arrived, also those that are not kept. */
  readonly readCount: number;
  /** The position of the last event that arrived. */
  readonly position: string | undefined;
  /** Whether all events since the first one arrive here. */
  readonly isWhole: boolean;
  readonly isOpen: boolean;
  readonly error: unknown;
}

/** The page keeps the newest events up to this number, and forgets older ones: its memory stays the same. */
const mostKept = 5_000;
/** Events are shown at most this often, ms: a log that is read from its start brings thousands a second. */
const showMs = 100;

const nothing: EventLog = {
  events: [],
  damaged: [],
  readCount: 0,
  position: undefined,
  isWhole: false,
  isOpen: false,
  error: undefined,
};

/**
 * The events of the log since a start, and each new one.
 * @param accepts only these are kept. Another function begins anew
 */
export function useEventLog(start: LogStart, accepts: (event: LoggedEventFragment) => boolean): EventLog {
  const [log, setLog] = useState(nothing);
  const identity = JSON.stringify(start);
  const began = useRef(start);
  began.current = start;

  useEffect(() => {
    let end: () => void = () => undefined;
    let isLeft = false;
    let arrived: LoggedEventFragment[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    setLog(nothing);

    function show() {
      clearTimeout(timer);
      timer = undefined;
      const batch = arrived;
      arrived = [];
      const kept = batch.filter(accepts);
      setLog(before => ({
        ...before,
        events: kept.length === 0 ? before.events : [...before.events, ...kept].slice(-mostKept),
        readCount: before.readCount + batch.length,
        position: batch.at(-1)?.position ?? before.position,
      }));
    }

    async function open() {
      const { after } = await placeOf(began.current);
      if (isLeft) return;
      setLog(before => ({ ...before, isOpen: true, isWhole: after === undefined }));
      end = followLog(EventLogDocument, after, {
        next({ eventsAppended }) {
          arrived.push(eventsAppended);
          timer ??= setTimeout(show, showMs);
        },
        damaged(event) {
          show();
          setLog(before => ({
            ...before,
            damaged: [...before.damaged, event],
            readCount: before.readCount + 1,
            position: event.position,
          }));
        },
        error: fail,
      });
    }

    function fail(error: unknown) {
      if (!isLeft) setLog(before => ({ ...before, error }));
    }

    open().catch(fail);
    return () => {
      isLeft = true;
      clearTimeout(timer);
      end();
    };
  }, [identity, accepts]);
  return log;
}

async function placeOf(start: LogStart): Promise<{ readonly after: string | undefined }> {
  switch (start.kind) {
    case 'recent':
      return findStart(start.pages);
    case 'first':
      return { after: undefined };
    case 'after':
      return { after: start.position };
  }
}
