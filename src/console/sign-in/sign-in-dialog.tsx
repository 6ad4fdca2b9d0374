import { useEffect, useRef, useState } from 'react';
import { Refusal } from '../parts/refusal.tsx';
import { type Login, login, loginHost } from './login-facts.ts';
import { signInProblem } from './sign-in-problem.ts';
import { actAs, claimsOf, isDevelopment, signInWith } from './viewer.ts';

/** Asks for a login or a token, above the page. The page stays as it is. */
export function SignInDialog({ problem }: { problem: string | undefined }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="sign-in"
      aria-labelledby="sign-in-title"
      onCancel={event => {
        event.preventDefault();
      }}
    >
      <h1 id="sign-in-title">Sign in to Orderstream</h1>
      {login ? <LoginButton login={login} problem={problem} /> : <TokenForm problem={problem} />}
    </dialog>
  );
}

function LoginButton({ login, problem }: { login: Login; problem: string | undefined }) {
  const [mistake, setMistake] = useState<string>();
  const [isLeaving, setIsLeaving] = useState(false);

  async function leave() {
    setIsLeaving(true);
    try {
      await (await import('./login.ts')).leaveForLogin(login);
    } catch (error) {
      setMistake(`The login cannot be opened: ${String(error)}`);
      setIsLeaving(false);
    }
  }

  return (
    <>
      <Refusal>{mistake ?? problem}</Refusal>
      <button className="primary" disabled={isLeaving} onClick={() => void leave()}>
        Sign in at {loginHost}
      </button>
      <details>
        <summary>Paste a token instead</summary>
        <TokenForm problem={undefined} />
      </details>
    </>
  );
}

function TokenForm({ problem }: { problem: string | undefined }) {
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<string>();
  const [isAsking, setIsAsking] = useState(false);

  async function submit() {
    const token = text.trim().replace(/^Bearer\s+/i, '');
    if (claimsOf(token) === undefined) {
      setMistake('This is not a token: it must have three parts, separated by dots. Paste all of it.');
      return;
    }
    setIsAsking(true);
    try {
      await signInWith(token);
    } catch (error) {
      setMistake(signInProblem(error, token));
      setIsAsking(false);
    }
  }

  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <p className="quiet">
        Paste a token of your login. It is kept in this tab only, and is gone when you close the tab.
      </p>
      <Refusal>{mistake ?? problem}</Refusal>
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
        <button className="primary" disabled={isAsking}>
          Sign in
        </button>
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
  );
}
