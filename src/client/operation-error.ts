import type { Answer } from './operation-session.ts';

/** Why an operation has no answer. */
export class OperationError extends Error {
  /** An error code of the API; `NETWORK` if no server answered; `SIGNED_OUT` if the operation was ended before. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'OperationError';
    this.code = code;
  }
}

/**
 * Converts what ended a subscription: errors of the server, a closed socket, or an error of the client.
 * @returns the error itself if it is an OperationError
 */
export function operationErrorOf(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const [first] = (Array.isArray(error) ? error : []) as NonNullable<Answer['errors']>;
  const code = first?.extensions?.['code'];
  if (first) return new OperationError(typeof code === 'string' ? code : 'INTERNAL', first.message);
  const { code: closeCode, reason, message } = error as { code?: number; reason?: string; message?: string };
  return new OperationError('NETWORK', message ?? `The connection was closed: ${closeCode} ${reason}`);
}
