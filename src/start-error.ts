/**
 * Why this process can't start, for whoever starts it: each line of the message names one thing and says what to do.
 * What is wrong is outside the program, so nobody is shown a stack.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
