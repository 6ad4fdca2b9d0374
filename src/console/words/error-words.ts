import { OperationError } from '@orderstream/client';
import type { ErrorCode } from '../generated/schema-enums.ts';

/** What an error means to the person at the page, and what they can do. */
export interface ErrorWords {
  readonly title: string;
  readonly advice: string;
}

/** The codes of the API, and those of the client. The compiler reports a code that is missing. */
type KnownCode = ErrorCode | 'NETWORK' | 'SIGNED_OUT';

const words: Readonly<Record<KnownCode, ErrorWords>> = {
  GRAPHQL_PARSE_FAILED: {
    title: 'The server does not understand this page',
    advice: 'The page and the server are of different versions. Reload the page.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    title: 'The server does not know what this page asks for',
    advice: 'The page and the server are of different versions. Reload the page.',
  },
  BAD_USER_INPUT: { title: 'A value is malformed', advice: 'Correct what the message names, and try again.' },
  NOT_ACCEPTABLE: {
    title: 'The server cannot answer this page',
    advice: 'A proxy may have changed the request. Ask whoever runs this server.',
  },
  UNAUTHENTICATED: { title: 'You are not signed in', advice: 'Sign in again. What you typed is still here.' },
  FORBIDDEN: { title: 'Your role may not do this', advice: 'Sign in with a role that may, such as staff.' },
  NOT_FOUND: { title: 'This does not exist', advice: 'Check the number, or go back to the board.' },
  VIEW_LAGGING: {
    title: 'The list is catching up',
    advice: 'Your change is stored. The list shows it in a moment.',
  },
  VIEW_PARKED: {
    title: 'This part of the list is stopped',
    advice: 'What you see is the last good state. An operator finds the reason under Read models.',
  },
  STALE_POSITION: {
    title: 'The server has another log',
    advice: 'Its database was restored. The page has loaded everything again.',
  },
  OUTCOME_UNKNOWN: {
    title: 'It is unknown whether this was stored',
    advice: 'Try again: a repeat is never stored twice.',
  },
  LIMIT_EXCEEDED: {
    title: 'This is more than the server allows',
    advice: 'Ask for less: the message names the limit.',
  },
  RATE_LIMITED: { title: 'Too many requests', advice: 'Wait a few seconds and try again.' },
  UNAVAILABLE: {
    title: 'The server cannot reach its database',
    advice: 'Nothing was stored. The page tries again by itself.',
  },
  READ_ONLY: {
    title: 'This server takes no changes now',
    advice: 'Its database is a copy. Use the address of the primary.',
  },
  INTERNAL: { title: 'The server has failed', advice: 'The reason is in its log. Try again.' },
  NETWORK: { title: 'The server does not answer', advice: 'Check your connection. The page tries again by itself.' },
  SIGNED_OUT: { title: 'You are signed out', advice: 'Sign in to go on.' },
};

const unknownError: ErrorWords = words.INTERNAL;

/** @param error what an operation threw. New codes count as INTERNAL, as the API says */
export function wordsOf(error: unknown): ErrorWords & { readonly message: string; readonly code: string } {
  const { code, message } = coded(error);
  return { ...((words as Readonly<Record<string, ErrorWords>>)[code] ?? unknownError), code, message };
}

function coded(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof OperationError) return error;
  // Errors of Apollo's own hooks hold those of the server.
  const { errors, message } = error as { errors?: readonly { extensions?: { code?: unknown } }[]; message?: string };
  const code = errors?.[0]?.extensions?.code;
  return { code: typeof code === 'string' ? code : 'INTERNAL', message: message ?? String(error) };
}
