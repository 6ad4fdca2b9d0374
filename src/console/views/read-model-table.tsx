import { useState } from 'react';
import { RebuildViewDocument } from '../generated/graphql.ts';
import { countedText, countText, eventNumber } from '../parts/format.ts';
import { durationText, type ReadModel, stateAdvice, stateWords } from './model-words.ts';
import { operate } from './operate.ts';
import { Refusal } from '../parts/refusal.tsx';

/**
 * Each read model: how far it is, its state, and a button that rebuilds it.
 * @param props.onRequested gets the position of the request
 */
export function ReadModelTable(props: {
  models: readonly ReadModel[];
  isOperator: boolean;
  onRequested: (position: string) => void;
}) {
  const { models, isOperator, onRequested } = props;
  return (
    <section className="panel" aria-labelledby="models">
      <header>
        <h2 id="models">Models</h2>
        <span className="quiet small">
          A rebuild folds the whole log again, for all models with the same position. Pages show the old rows until it
          is done.
        </span>
      </header>
      <ul className="models">
        {models.map(model => (
          <ModelRow key={model.id} model={model} isOperator={isOperator} onRequested={onRequested} />
        ))}
      </ul>
    </section>
  );
}

function ModelRow(props: { model: ReadModel; isOperator: boolean; onRequested: (position: string) => void }) {
  const { model, isOperator, onRequested } = props;
  const { name, state, position, lagEvents, lagSeconds, parkedStreams, rebuild } = model;
  const [refusal, setRefusal] = useState<string>();
  const [isSending, setSending] = useState(false);

  const isBusy = rebuild != null || isSending;

  async function request() {
    if (isBusy) return;
    setSending(true);
    const result = await operate(RebuildViewDocument, { view: name });
    setSending(false);
    setRefusal(result.accepted ? undefined : result.why);
    if (result.accepted) onRequested(result.position);
  }

  return (
    <li data-view={name} data-state={state}>
      <div className="row-main">
        <strong className="mono">{name}</strong>
        {stateAdvice[state] !== undefined && <span className="quiet small">{stateAdvice[state]}</span>}
      </div>
      <span className="model-state" data-state={state}>
        {stateWords[state]}
      </span>
      <dl className="model-facts small">
        <div>
          <dt>Position</dt>
          <dd>{countText(eventNumber(position))}</dd>
        </div>
        <div data-warn={lagEvents > 100}>
          <dt>Lag</dt>
          <dd>{lagEvents === 0 ? '0' : `${countedText(lagEvents, 'event')}, ${durationText(lagSeconds)}`}</dd>
        </div>
        <div data-warn={parkedStreams > 0}>
          <dt>Parked</dt>
          <dd>{parkedStreams === 0 ? '0' : <a href="#parked">{countText(parkedStreams)}</a>}</dd>
        </div>
      </dl>
      {isOperator && (
        <div className="row row-actions">
          <button aria-disabled={isBusy} aria-label={`Rebuild ${name}`} onClick={() => void request()}>
            {isSending ? 'Sending…' : 'Rebuild'}
          </button>
        </div>
      )}
      <Refusal>{refusal}</Refusal>
    </li>
  );
}
