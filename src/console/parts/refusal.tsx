import type { ReactNode } from 'react';

/** Why something was refused, beside what asked for it. Nothing if it was not. */
export function Refusal({ children }: { children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <p className="refusal" role="alert">
      {children}
    </p>
  );
}
