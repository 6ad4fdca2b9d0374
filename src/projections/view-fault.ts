/** A row that differs from the fold of its events. */
export interface ViewFault {
  readonly view: string;
  readonly id: string;
  readonly fault: string;
}

/** What an error says, in one line: a fault is a line for people, never a stack. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();
}
