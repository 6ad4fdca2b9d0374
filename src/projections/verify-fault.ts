/** A row that differs from the fold of its events. */
export interface ViewFault {
  readonly view: string;
  readonly id: string;
  readonly fault: string;
}

/** The message of an error in one line, because operators read faults line by line. Never a stack. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim();
}
