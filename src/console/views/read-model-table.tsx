import { useState } from 'react';
import { RebuildViewDocument } from '../generated/graphql.ts';
import { countedText, countText, eventNumber } from '../parts/format.ts';
import { durationText, type ReadModel, stateAdvice, stateWords } from './model-words.ts';
import { operate } from './operate.ts';

/** Each read model: how far it is, its state, and a button that rebuilds it. */
export function ReadModelTable({ models, isOperator }: { models: readonly ReadModel[]; isOperator: boolean }) {
  return (
    <section className="panel" aria-labelledby="models">
      <header>
        <h2 id="models">Models</h2>
        <span className="quiet small">A rebuild of one is a rebuild of all that have the same position.</span>
      </header>
      <ul className="models">
        {models.map(model => (
          <ModelRow key={model.id} model={model} isOperator={isOperator} />
        ))}
      </ul>
    </section>
  );
}

function ModelRow({ model, isOperator }: { model: ReadModel; isOperator: boolean }) {
  const { name, state, position, lagEvents, lagSeconds, parkedStreams, rebuild } = model;
  const [refusal, setRefusal] = useState<string>();
  const [isSending, setSending] = useState(false);

  async function request() {
    setSending(true);
    const result = await operate(RebuildViewDocument, { view: name });
    setSending(false);
    setRefusal(result.accepted ? undefined : result.why);
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
          <dd>{lagEvents === 0 ? 'None' : `${countedText(lagEvents, 'event')}, ${durationText(lagSeconds)}`}</dd>
        </div>
        <div data-warn={parkedStreams > 0}>
          <dt>Parked</dt>
          <dd>{parkedStreams === 0 ? 'None' : <a href="#parked">{countText(parkedStreams)}</a>}</dd>
        </div>
      </dl>
      {isOperator && (
        <div className="row row-actions">
          <button disabled={rebuild != null || isSending} aria-label={`Rebuild ${name}`} onClick={() => void request()}>
            {isSending ? 'Sending…' : 'Rebuild'}
          </button>
        </div>
      )}
      {refusal !== undefined && (
        <p className="refusal" role="alert">
          {refusal}
        </p>
      )}
    </li>
  );
}
