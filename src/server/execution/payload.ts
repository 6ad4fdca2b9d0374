import type { Writable } from 'node:stream';

/** From this length on, in bytes, a text is not copied for a socket whose operation has an id of its own. */
const large = 8_192;

/** One frame as its transports send it: made once, for however many get it. */
export class Payload {
  readonly json: string;
  /** What to go on from; undefined where the frame says nothing that one could go on from. */
  readonly position: string | undefined;
  #body: Buffer | undefined;
  #message: { readonly id: string; readonly bytes: Buffer } | undefined;
  #event: Buffer | undefined;

  constructor(json: string, position: string | undefined) {
    this.json = json;
    this.position = position;
  }

  /**
   * Writes the `next` message of graphql-transport-ws, as one frame of RFC 6455: header and text in one piece are one
   * system call.
   * @param id of the operation; kept for the next socket, as most clients count their operations from the same start
   * @returns whether the socket takes more just now
   */
  writeTo(socket: Writable, id: string): boolean {
    if (this.#message?.id === id) return socket.write(this.#message.bytes);
    const body = (this.#body ??= Buffer.from(`${this.json}}`));
    const start = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    if (body.length < large) {
      const bytes = textFrame(start, body);
      this.#message = { id, bytes };
      return socket.write(bytes);
    }
    socket.cork();
    socket.write(textFrame(start, body, false));
    const takesMore = socket.write(body);
    socket.uncork();
    return takesMore;
  }

  /** The event of text/event-stream. Its id is what a browser sends back as Last-Event-ID. */
  event(): Buffer {
    const id = this.position === undefined ? '' : `id: ${this.position}\n`;
    return (this.#event ??= Buffer.from(`event: next\n${id}data: ${this.json}\n\n`));
  }
}

const wholeText = 0x81; // one frame, no more to follow, of text
const [shortest, longest] = [126, 65_536]; // lengths from which on the header has 2, and 8, bytes more for it

/**
 * A server's frames are not masked.
 * @param whole false: all of it but the body, which follows
 */
function textFrame(start: string, body: Buffer, whole = true): Buffer {
  const startLength = Buffer.byteLength(start);
  const length = startLength + body.length;
  const header = length < shortest ? 2 : length < longest ? 4 : 10;
  const bytes = Buffer.allocUnsafe(header + (whole ? length : startLength));
  bytes[0] = wholeText;
  bytes[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) bytes.writeUInt16BE(length, 2);
  if (header === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.write(start, header);
  if (whole) body.copy(bytes, header + startLength);
  return bytes;
}
