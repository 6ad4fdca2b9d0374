import { momentText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { eventWords } from './event-words.ts';
import type { HistoryEvent } from './use-order-history.ts';

/** All that happened to the order, newest first. */
export function History(props: {
  events: readonly HistoryEvent[];
  error: unknown;
  customer: { readonly id: string; readonly name: string };
  version: number;
  onShow: (version: number) => void;
}) {
  const { events, error, customer, version, onShow } = props;
  return (
    <section className="panel" aria-labelledby="history">
      <header>
        <h2 id="history">History</h2>
        <span className="quiet small">{events.length} events</span>
      </header>
      {error !== undefined && <Problem error={error} />}
      <ol className="history">
        {events.toReversed().map(event => (
          <li key={event.id} data-version={event.version} aria-current={event.version === version ? 'step' : undefined}>
            <button
              className="plain history-version"
              aria-label={`Show version ${event.version}`}
              onClick={() => {
                onShow(event.version);
              }}
            >
              {event.version}
            </button>
            <details>
              <summary>
                <span className="history-what">{eventWords(event.type)}</span>
                <span className="quiet small">
                  {event.actor === customer.id ? customer.name : event.actor},{' '}
                  <time dateTime={event.recordedAt}>{momentText(event.recordedAt)}</time>
                </span>
              </summary>
              <pre className="json" tabIndex={0}>
                {JSON.stringify(event.data, undefined, 2)}
              </pre>
              <p className="quiet small">
                Request <code>{event.correlationId}</code>
              </p>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}
