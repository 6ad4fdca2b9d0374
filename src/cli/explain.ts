import { StartError } from '../start-error.ts';

/**
 * What to print of an error that ends a command: one line if the user can mend it, else the stack.
 * @param usage of the command; its first line is shown after an option that is none
 */
export function explain(error: unknown, usage: string): string {
  if (error instanceof StartError) return error.message;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (!code?.startsWith('ERR_PARSE_ARGS')) return stack ?? message;
  return `${message.split('.', 1)[0]}: ${usage.split('\n', 1)[0]}`;
}
