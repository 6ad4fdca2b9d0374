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
   * The `next` message of graphql-transport-ws, as one frame of RFC 6455: header and text in one piece are one write.
   * @param id of the operation; kept for the next socket, as most clients count their operations from the same start
   */
  socketFrame(id: string): Buffer {
    if (this.#socketFrame?.id !== id) {
      const bytes = textFrame(`{"id":${JSON.stringify(id)},"type":"next","payload":${this.json}}`);
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

const wholeText = 0x81; // one frame, no more to follow, of text
const [shortest, longest] = [126, 65_536]; // lengths from which on the header has 2, and 8, bytes more for it

/** A server's frames are not masked. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < shortest ? 2 : length < longest ? 4 : 10;
  const bytes = Buffer.allocUnsafe(header + length);
  bytes[0] = wholeText;
  bytes[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) bytes.writeUInt16BE(length, 2);
  if (header === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.write(text, header);
  return bytes;
}
