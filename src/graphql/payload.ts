/** One frame as its transports send it: made once, for however many get it. */
export class Payload {
  readonly json: string;
  /** What to go on from; undefined where the frame says nothing that one could go on from. */
  readonly position: string | undefined;
  #socketFrame: { readonly id: string; readonly bytes: Buffer } | undefined;
  #event: Buffer | undefined;

  constructor(json: string, position: string | undefined) {
    this.json = json;
    this.position = position;
  }

  /**
   * The `next` message of graphql-transport-ws.
   * @param id of the operation; kept for the next socket, as most clients count their operations from the same start
   */
  socketMessage(id: string): Buffer {
    if (this.#socketFrame?.id !== id) {
      const bytes = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":${this.json}}`);
      this.#socketFrame = { id, bytes };
    }
    return this.#socketFrame.bytes;
  }

  /** The event of text/event-stream. Its id is what a browser sends back as Last-Event-ID. */
  event(): Buffer {
    const id = this.position === undefined ? '' : `id: ${this.position}\n`;
    return (this.#event ??= Buffer.from(`event: next\n${id}data: ${this.json}\n\n`));
  }
}
