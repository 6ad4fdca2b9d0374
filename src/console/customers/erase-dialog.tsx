import { useCommand } from '@orderstream/client/react';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { type CustomerRowFragment } from '../generated/graphql.ts';
import { countedText, countText, eventNumber, momentText } from '../parts/format.ts';
import { eventWords } from '../order/event-words.ts';
import { routes } from '../routes.ts';
import { wordsOf } from '../words/error-words.ts';
import { refusalText } from '../words/refusal-words.ts';
import { type ErasureEvent, findErasure } from './find-erasure.ts';
import { Refusal } from '../parts/refusal.tsx';

type Step =
  | { readonly kind: 'ask' | 'erasing' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'erased'; readonly event: ErasureEvent | undefined };

/**
 * Says what an erasure deletes and what it leaves, erases, and shows the event that it has stored.
 * @param props.after a position before the erasure
 */
export function EraseDialog(props: { customer: CustomerRowFragment; after: string; onClose: () => void }) {
  const { customer, after, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const run = useCommand();
  const [isSure, setSure] = useState(false);
  const [step, setStep] = useState<Step>({ kind: 'ask' });
  // As it was when the dialog opened: the customer loses their name while it is open.
  const [{ name, email, orderTotals }] = useState(customer);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  async function erase() {
    setStep({ kind: 'erasing' });
    try {
      const result = await run('eraseCustomer', { customerId: customer.id });
      if (!result.accepted) {
        setStep({ kind: 'refused', why: refusalText(result.error) });
        return;
      }
      setStep({ kind: 'erased', event: undefined });
      const event = await findErasure(customer.id, after, result.version);
      setStep({ kind: 'erased', event });
    } catch (error) {
      const { title, advice } = wordsOf(error);
      setStep(before => (before.kind === 'erased' ? before : { kind: 'refused', why: `${title}. ${advice}` }));
    }
  }

  return (
    <dialog ref={dialog} className="erase" aria-labelledby="erase-title" onClose={onClose}>
      {step.kind === 'erased' ? (
        <>
          <h2 id="erase-title">{name} is erased</h2>
          <p className="notice" role="status">
            The key of their personal data is deleted. Every read model and every open page has forgotten them.
          </p>
          {step.event ? <Erased event={step.event} after={after} /> : <p className="loading">Looking for its event…</p>}
        </>
      ) : (
        <>
          <h2 id="erase-title">Erase {name}?</h2>
          <p>This cannot be undone, not even from the log.</p>
          <dl className="erase-what">
            <dt>Lost for ever</dt>
            <dd>
              The name “{name}” and the address {email}, here and in {countedText(orderTotals.orderCount, 'order')}, and
              in every event: the key that encrypts them is deleted.
            </dd>
            <dt>Stays</dt>
            <dd>The orders with their lines, sums and times, and all totals.</dd>
            <dt>Recorded</dt>
            <dd>An event with your name.</dd>
          </dl>
          <label className="row">
            <input
              type="checkbox"
              checked={isSure}
              onChange={({ target }) => {
                setSure(target.checked);
              }}
            />
            I know that nobody can bring this back
          </label>
          {step.kind === 'refused' && <Refusal>{step.why}</Refusal>}
        </>
      )}
      <div className="row">
        {step.kind !== 'erased' && (
          <button className="danger" disabled={!isSure || step.kind === 'erasing'} onClick={() => void erase()}>
            {step.kind === 'erasing' ? 'Erasing…' : 'Erase for ever'}
          </button>
        )}
        <button
          onClick={() => {
            dialog.current?.close();
          }}
        >
          {step.kind === 'erased' ? 'Close' : 'Cancel'}
        </button>
      </div>
    </dialog>
  );
}

function Erased({ event, after }: { event: ErasureEvent; after: string }) {
  const search = new URLSearchParams({ from: after, stream: event.streamId, event: event.position });
  return (
    <p data-erasure={event.id}>
      <strong>{eventWords(event.type)}</strong> by {event.actor} ({event.actorRole.toLowerCase()}),{' '}
      {momentText(event.recordedAt)}. Event {countText(eventNumber(event.position))} of the log:{' '}
      <Link href={`${routes.log}?${search.toString()}`}>show it</Link>
    </p>
  );
}
