/** A row that differs from the fold of its events. */
export interface ViewFault {
  readonly view: string;
  readonly id: string;
  readonly fault: string;
}
