import { useEffect, useRef } from 'react';
import { type ParkedRowFragment } from '../generated/graphql.ts';

/** Says what a skip means, and asks whether it is meant. */
export function SkipDialog(props: { stream: ParkedRowFragment; onSkip: () => void; onClose: () => void }) {
  const { stream, onSkip, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="skip-dialog" aria-labelledby="skip-title" onClose={onClose}>
      <h2 id="skip-title">Skip version {stream.version}?</h2>
      <p>
        The rows of <code>{stream.streamId}</code> will never show what this event says, also after a rebuild. The event
        stays in the log, and commands go on to respect it.
      </p>
      <p className="quiet">Retry first: a newer version of Orderstream may be able to fold it.</p>
      <div className="row">
        <button
          className="danger"
          onClick={() => {
            dialog.current?.close();
            onSkip();
          }}
        >
          Skip it for good
        </button>
        <button
          autoFocus
          onClick={() => {
            dialog.current?.close();
          }}
        >
          Cancel
        </button>
      </div>
    </dialog>
  );
}
