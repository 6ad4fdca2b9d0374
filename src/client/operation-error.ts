/** Why an operation has no answer. */
export class OperationError extends Error {
  /** An error code of the API; `NETWORK` if no server answered; `SIGNED_OUT` if the viewer signed out meanwhile. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'OperationError';
    this.code = code;
  }
}
