/** A row that is not what its events say. */
export interface ViewFault {
  readonly view: string;
  readonly id: string;
  readonly fault: string;
}
