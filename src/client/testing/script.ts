import { codedError, type ErrorCode } from './coded-error.ts';
import type { Refusal } from './refusals.ts';

const messages: { readonly [Code in ErrorCode]?: string } = {
  UNAUTHENTICATED: 'This needs a valid token.',
  FORBIDDEN: 'Only staff may do this.',
  OUTCOME_UNKNOWN: 'It is unknown whether the command was stored: repeat it with its idempotency key.',
  RATE_LIMITED: 'Too many requests: try again later.',
  UNAVAILABLE: 'A service that the response needs cannot be reached now. Nothing was stored: try again.',
  VIEW_LAGGING: 'The read model has not reached this position yet: try again.',
  READ_ONLY: 'This server takes no commands. Nothing was stored, and a repeat on the same node fails again.',
  INTERNAL: 'Something went wrong on the server.',
};

/** Codes of errors of a whole request: nothing of it is executed. */
const ofRequests: readonly ErrorCode[] = ['UNAUTHENTICATED', 'RATE_LIMITED', 'LIMIT_EXCEEDED', 'NOT_ACCEPTABLE'];

/** What the next calls of fields get, in the order in which the test wrote it. */
export interface Script {
  readonly refuse: (field: string, refusal: Refusal) => void;
  readonly fail: (field: string, code: ErrorCode) => void;
  readonly takeRefusal: (field: string) => Refusal | undefined;
  /** @throws the next error of one of these fields that is an error of the whole request */
  checkRequest(fields: readonly string[]): void;
  /** Resolves a field, or fails as the script says. */
  play<Result>(field: string, resolve: () => Result): Result;
}

export function createScript(): Script {
  const refusals = new Map<string, Refusal[]>();
  const failures = new Map<string, ErrorCode[]>();

  return {
    refuse: (field, refusal) => void refusals.set(field, [...(refusals.get(field) ?? []), refusal]),
    fail: (field, code) => void failures.set(field, [...(failures.get(field) ?? []), code]),
    takeRefusal: field => refusals.get(field)?.shift(),
    checkRequest(fields) {
      for (const field of fields) {
        const [code] = failures.get(field) ?? [];
        if (code === undefined || !ofRequests.includes(code)) continue;
        failures.get(field)?.shift();
        throw failure(code);
      }
    },
    play(field, resolve) {
      const code = failures.get(field)?.shift();
      if (code === undefined) return resolve();
      // The command is stored, and its answer is lost.
      if (code === 'OUTCOME_UNKNOWN') resolve();
      throw failure(code);
    },
  };
}

function failure(code: ErrorCode) {
  const extensions = code === 'RATE_LIMITED' ? { retryAfter: 1 } : {};
  return codedError(code, messages[code] ?? `The script lets this fail with ${code}.`, extensions);
}
