import type { Writable } from 'node:stream';
import type { ExecutionResult, GraphQLError } from 'graphql';

/** From this length on, the text is not copied for another operation id: header and text are written separately. */
const minSeparateBytes = 8_192;

/** One frame, serialised once for all its subscribers and all transports. */
export class Payload {
  readonly json: string;
  /** The position to resume from; undefined if no subscription may resume from this frame. */
  readonly position: string | undefined;
  readonly #errors: readonly GraphQLError[] | undefined;
  #result: ExecutionResult | undefined;
  #body: Buffer | undefined;
  #message: { readonly id: string; readonly bytes: Buffer } | undefined;
  #event: Buffer | undefined;

  /** @param errors those that the text contains */
  constructor(json: string, position: string | undefined, errors?: readonly GraphQLError[]) {
    this.json = json;
    this.position = position;
    this.#errors = errors;
  }

  /** The payload whose `result` this is, the same object. */
  static of(result: ExecutionResult): Payload | undefined {
    return payloads.get(result);
  }

  /**
   * The frame for plugins, one object for all subscribers. It is frozen: a change in place would reach the plugins of
   * other subscribers, but no client.
   */
  get result(): ExecutionResult {
    if (this.#result) return this.#result;
    const { data, extensions } = JSON.parse(this.json, freeze) as ExecutionResult;
    const errors = this.#errors && { errors: this.#errors };
    this.#result = Object.freeze({ ...errors, ...(data !== undefined && { data }), ...(extensions && { extensions }) });
    payloads.set(this.#result, this);
    return this.#result;
  }

  /**
   * Writes the `next` message of graphql-transport-ws as one frame of RFC 6455. Header and text are one buffer, so
   * they take one system call.
   * @param id of the operation. The bytes are cached for the next socket with the same id: most clients number their
   * operations from the same start.
   * @returns whether the socket can take more at the moment
   */
  writeTo(socket: Writable, id: string): boolean {
    if (this.#message?.id === id) return socket.write(this.#message.bytes);
    const body = (this.#body ??= Buffer.from(`${this.json}}`));
    const start = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    if (body.length < minSeparateBytes) {
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

  /** The event for text/event-stream. A browser sends its id back as Last-Event-ID. */
  event(): Buffer {
    const id = this.position === undefined ? '' : `id: ${this.position}\n`;
    return (this.#event ??= Buffer.from(`event: next\n${id}data: ${this.json}\n\n`));
  }
}

const payloads = new WeakMap<ExecutionResult, Payload>();

function freeze(_key: string, value: unknown): unknown {
  return Object.freeze(value);
}

/** FIN bit and opcode 1: a complete text message in one frame. */
const textMessage = 0x81;
/** Payload lengths from which on the header has 2, or 8, more bytes for the length. */
const [twoByteLength, eightByteLength] = [126, 65_536];

/**
 * Builds a frame of a server, which is not masked.
 * @param whole false: without the body, which the caller writes next
 */
function textFrame(start: string, body: Buffer, whole = true): Buffer {
  const startLength = Buffer.byteLength(start);
  const length = startLength + body.length;
  const header = length < twoByteLength ? 2 : length < eightByteLength ? 4 : 10;
  const bytes = Buffer.allocUnsafe(header + (whole ? length : startLength));
  bytes[0] = textMessage;
  bytes[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) bytes.writeUInt16BE(length, 2);
  if (header === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.write(start, header);
  if (whole) body.copy(bytes, header + startLength);
  return bytes;
}
