import { useRef, useState } from 'react';
import { AbandonRebuildDocument } from '../generated/graphql.ts';
import { countText } from '../parts/format.ts';
import { durationText, type ReadModel } from './model-words.ts';
import { operate } from './operate.ts';
import { Refusal } from '../parts/refusal.tsx';

/**
 * The running rebuild: how far it is, how long it takes, and a button that ends it. Afterwards: how it ended.
 * @param props.requestedAt the position of the request that this page has sent
 */
export function Rebuild(props: { models: readonly ReadModel[]; requestedAt: string | undefined; isOperator: boolean }) {
  const { models, requestedAt, isOperator } = props;
  const running = models.find(({ rebuild }) => rebuild != null)?.rebuild;
  const [refusal, setRefusal] = useState<string>();
  const [isAbandoned, setAbandoned] = useState(false);
  const hasRun = useRef(false);
  if (running) hasRun.current = true;

  async function abandon() {
    setRefusal(undefined);
    const result = await operate(AbandonRebuildDocument, {});
    if (result.accepted) setAbandoned(true);
    else setRefusal(result.why);
  }

  if (!running) {
    // A short rebuild may be over before a frame shows it: the read models have passed its request.
    const isOver = requestedAt !== undefined && models.every(({ position }) => position >= requestedAt);
    if (!hasRun.current && !isOver) return null;
    return (
      <p className="notice" role="status" data-rebuild="ended">
        {isAbandoned
          ? 'The rebuild was abandoned. Everybody reads the same rows as before.'
          : isOver
            ? 'The rebuild is complete: everybody reads the new rows, and nothing stood still meanwhile.'
            : 'The rebuild has ended.'}
      </p>
    );
  }
  const { processed, total, eventsPerSecond, etaSeconds } = running;
  return (
    <section className="panel rebuild" aria-labelledby="rebuild" data-rebuild="running">
      <div className="row spread">
        <h2 id="rebuild">Rebuilding</h2>
        <span className="small">
          {countText(processed)} of {countText(total)} events, {countText(Math.round(eventsPerSecond))} a second
          {etaSeconds != null && `, ${durationText(etaSeconds)} left`}
        </span>
      </div>
      <progress aria-labelledby="rebuild" max={Math.max(total, 1)} value={processed} />
      <div className="row spread">
        <p className="quiet small">Pages go on reading the rows of before, which follow the log all the time.</p>
        {isOperator && (
          <button className="danger" onClick={() => void abandon()}>
            Abandon
          </button>
        )}
      </div>
      <Refusal>{refusal}</Refusal>
    </section>
  );
}
