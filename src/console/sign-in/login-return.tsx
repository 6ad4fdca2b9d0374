import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { type Login, login } from './login-facts.ts';
import { signInProblem } from './sign-in-problem.ts';
import { signInWith, signOut } from './viewer.ts';

/** Shown after the issuer's login has sent the browser back, until the person is signed in. */
export function LoginReturn() {
  const [, go] = useLocation();
  useEffect(() => {
    if (login) void finish(login, go);
  }, [go]);
  return (
    <main id="page">
      <p className="loading">Signing you in…</p>
    </main>
  );
}

async function finish(at: Login, go: (path: string, options: { replace: boolean }) => void): Promise<void> {
  const { loginProblem, returnFromLogin } = await import('./login.ts');
  try {
    const { token, refreshToken, page } = await returnFromLogin(at);
    // The code must not stay in the address and in the history.
    go(page, { replace: true });
    await signInWith(token, refreshToken).catch((error: unknown) => {
      signOut(signInProblem(error, token));
    });
  } catch (error) {
    go('/', { replace: true });
    signOut(loginProblem(error));
  }
}
