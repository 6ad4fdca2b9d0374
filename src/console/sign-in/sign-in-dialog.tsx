import { useEffect, useRef, useState } from 'react';
import { actAs, claimsOf, isDevelopment, signInWith } from './viewer.ts';
import { Refusal } from '../parts/refusal.tsx';

/** Asks for a token, above the page. The page stays as it is. */
export function SignInDialog({ problem }: { problem: string | undefined }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<string>();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  function submit() {
    const token = text.trim().replace(/^Bearer\s+/i, '');
    if (claimsOf(token) === undefined) {
      setMistake('This is not a token: it must have three parts, separated by dots. Paste all of it.');
      return;
    }
    signInWith(token);
  }

  const shown = mistake ?? problem;
  return (
    <dialog
      ref={dialog}
      className="sign-in"
      aria-labelledby="sign-in-title"
      onCancel={event => {
        event.preventDefault();
      }}
    >
      <form
        onSubmit={event => {
          event.preventDefault();
          submit();
        }}
      >
        <h1 id="sign-in-title">Sign in to Orderstream</h1>
        <p className="quiet">
          Paste a token of your login. It is kept in this tab only, and is gone when you close the tab.
        </p>
        <Refusal>{shown}</Refusal>
        <label htmlFor="token">Token</label>
        <textarea
          id="token"
          rows={5}
          spellCheck={false}
          autoComplete="off"
          required
          value={text}
          onChange={({ target }) => {
            setText(target.value);
          }}
        />
        <div className="row">
          <button className="primary">Sign in</button>
          {isDevelopment && (
            <button
              type="button"
              onClick={() => {
                actAs('staff');
              }}
            >
              Use a development token
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
