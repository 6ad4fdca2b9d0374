import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { Link } from 'wouter';
import { type LoggedEventFragment, OrderNumberOfDocument } from '../generated/graphql.ts';
import { countText, eventNumber, momentText } from '../parts/format.ts';
import { eventWords } from '../order/event-words.ts';
import { orderPath, routes } from '../routes.ts';
import type { LogFilter } from './log-filter.ts';
import { queryOf } from './query-of.ts';

/**
 * All that is stored of one event, and the ways from it to what is around it.
 * @param props.before the position of the event before it; undefined: it is not known
 */
export function EventDetail(props: {
  event: LoggedEventFragment;
  before: string | undefined;
  onNarrow: (filter: Partial<LogFilter>) => void;
  onClose: () => void;
}) {
  const { event, before, onNarrow, onClose } = props;
  return (
    <section className="panel log-detail" aria-labelledby="event-title">
      <header>
        <h2 id="event-title">{eventWords(event.type)}</h2>
        <button className="plain" onClick={onClose}>
          Close
        </button>
      </header>
      <dl className="facts">
        <Fact name="Event">
          {countText(eventNumber(event.position))} of the log
          <code className="quiet">{event.position}</code>
        </Fact>
        <Fact name="Stream">
          <code>{event.streamId}</code>
          <span className="quiet small">
            {event.streamType}, version {event.version}
          </span>
        </Fact>
        <Fact name="By">
          {event.actor}
          <span className="actor small" data-role={event.actorRole}>
            {event.actorRole.toLowerCase()}
          </span>
        </Fact>
        <Fact name="Stored">
          <time dateTime={event.recordedAt}>{momentText(event.recordedAt)}</time>
          {momentText(event.occurredAt) !== momentText(event.recordedAt) && (
            <span className="quiet small">happened {momentText(event.occurredAt)}</span>
          )}
        </Fact>
        <Fact name="Request">
          <code>{event.correlationId}</code>
        </Fact>
        <Fact name="Schema version">{event.schemaVersion}</Fact>
      </dl>
      <pre className="json" tabIndex={0} aria-label="Data">
        {JSON.stringify(event.data, undefined, 2)}
      </pre>
      <div className="body row">
        <button
          onClick={() => {
            onNarrow({ request: event.correlationId });
          }}
        >
          Follow this request
        </button>
        <button
          onClick={() => {
            onNarrow({ stream: event.streamId });
          }}
        >
          Only this stream
        </button>
        {event.streamType === 'order' && <OrderLink id={event.streamId} version={event.version} />}
        {event.streamType === 'customer' && (
          <Link className="button" href={`${routes.board}?customer=${event.streamId}`}>
            Their orders
          </Link>
        )}
        <CopyAsQuery event={event} before={before} />
      </div>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function OrderLink({ id, version }: { id: string; version: number }) {
  const { data } = useQuery(OrderNumberOfDocument, { variables: { id } });
  if (!data?.order) return null;
  return (
    <Link className="button" href={`${orderPath(data.order.number)}?at=${version}`}>
      Order {data.order.number} at version {version}
    </Link>
  );
}

/** Puts the query into the clipboard, and shows it: a page that was not opened over HTTPS has no clipboard. */
function CopyAsQuery({ event, before }: { event: LoggedEventFragment; before: string | undefined }) {
  const [copied, setCopied] = useState<{ readonly text: string; readonly isCopied: boolean }>();

  async function copy() {
    const text = queryOf(event, before);
    try {
      await navigator.clipboard.writeText(text);
      setCopied({ text, isCopied: true });
    } catch {
      setCopied({ text, isCopied: false });
    }
  }

  return (
    <>
      <button onClick={() => void copy()}>Copy as query</button>
      {copied && (
        <div className="copied">
          <p className="quiet small" role="status">
            {copied.isCopied ? 'Copied. Paste it at /graphql:' : 'Your browser allows no copying: select it here.'}
          </p>
          <pre className="json" tabIndex={0} aria-label="Query">
            {copied.text}
          </pre>
        </div>
      )}
    </>
  );
}
