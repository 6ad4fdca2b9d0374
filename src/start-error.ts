/**
 * A reason why this process cannot start, for the operator: each line of the message names one problem and says what
 * to do. The cause is outside the program, so no stack is printed.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
