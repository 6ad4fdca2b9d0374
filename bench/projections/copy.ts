import type { Connection, Submittable } from 'pg';

/** The members of pg's connection that send a COPY: its types do not include them. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/**
 * `COPY … TO STDOUT`, or `COPY … FROM STDIN` of the given data: pg submits it, and calls these methods as the server
 * answers.
 */
export class Copy implements Submittable {
  /** The copied data. */
  readonly done: Promise<Buffer>;
  readonly #text: string;
  readonly #input: Buffer | undefined;
  readonly #output: Buffer[] = [];
  #resolve: (output: Buffer) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(text: string, input?: Buffer) {
    this.#text = text;
    this.#input = input;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    (connection as unknown as CopyConnection).query(this.#text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    if (this.#input) connection.sendCopyFromChunk(this.#input);
    connection.endCopyFrom();
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.#output.push(Buffer.from(chunk));
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows
  }

  handleReadyForQuery(): void {
    this.#resolve(Buffer.concat(this.#output));
  }

  handleError(error: Error): void {
    this.#reject(error);
  }
}
