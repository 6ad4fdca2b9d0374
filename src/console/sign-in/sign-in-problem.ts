import { OperationError } from '@orderstream/client';
import { refusalOf } from './viewer.ts';

/** One or two sentences about an error of `signInWith`. */
export function signInProblem(error: unknown, token: string): string {
  const code = error instanceof OperationError ? error.code : undefined;
  if (code === 'UNAUTHENTICATED') return refusalOf(token);
  if (code === 'NETWORK') return 'The server does not answer. Nothing is lost: try it again in a moment.';
  return error instanceof Error ? error.message : String(error);
}
