import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** A hand-written WebSocket: its frames are counted and not parsed, so that the client is not the bottleneck. */
export interface RawSocket {
  readonly socket: Socket;
  send(message: object): void;
  /** Leaves incoming data in the kernel until `sweep()`, unless the socket is watched. */
  rest(): void;
  /** Reads everything that has arrived since the last call. */
  sweep(): void;
  /** From now on it reads data on arrival, and looks into frames for their version. */
  watch(): void;
  /** Resolves when a frame of that version or a later one has arrived. */
  reached(version: number): Promise<void>;
}

const frameTimeoutMs = 30_000; // after this time without a frame the run fails
/** Maximum length of a version that a chunk may cut in two, characters. */
const overlap = 32;
/** One buffer for all sockets: a read is processed before the next one. */
const shared = Buffer.allocUnsafe(65_536);

/** @param onFrame called for each data frame */
export async function openRawSocket(
  url: string,
  path: string,
  protocol: string | undefined,
  onFrame: () => void,
): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const count = frameCounter(onFrame, () => socket.write(maskedFrame(0xa, Buffer.alloc(0))));
  let greeted: ((head: string) => void) | undefined;
  let watching = false;
  let last = 0;
  let tail = '';
  const waiting = new Map<() => void, number>();
  let closed = '';

  function onRead(length: number): boolean {
    if (greeted) greeted(shared.toString('latin1', 0, length));
    else {
      count(shared, length);
      if (watching) look(shared.toString('latin1', 0, length));
    }
    return true;
  }

  function look(piece: string): void {
    const text = tail + piece;
    tail = text.slice(-overlap);
    for (const [, version] of text.matchAll(/"version":(\d+)\D/g)) last = Math.max(last, Number(version));
    for (const [wake, version] of waiting) if (version <= last) wake();
  }

  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: { buffer: shared, callback: onRead },
  });
  socket.on('error', () => undefined);
  socket.once('close', () => (closed = ', and the connection was closed'));
  const key = randomBytes(16).toString('base64');
  const asked = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${asked}\r\n`,
  );
  const head = await new Promise<string>((resolve, reject) => {
    greeted = resolve;
    socket.once('close', () => reject(new Error('the connection was closed before it was a WebSocket')));
  });
  greeted = undefined;
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
  return {
    socket,
    send: message => socket.write(maskedFrame(1, Buffer.from(JSON.stringify(message)))),
    rest() {
      if (!watching) socket.pause();
    },
    sweep() {
      socket.resume();
    },
    watch() {
      watching = true;
      socket.resume();
    },
    reached(version) {
      if (last >= version) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no frame of version ${version} came, the last one was of ${last}${closed}`)),
          frameTimeoutMs,
        );
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        waiting.set(wake, version);
      });
    },
  };
}

function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  // A mask of zeros does not change the payload.
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
}

/** Finds the headers of a server's frames in a stream of chunks of any size. */
function frameCounter(onFrame: () => void, onPing: () => void): (piece: Buffer, length: number) => void {
  const header = Buffer.alloc(10);
  let known = 0;
  let skip = 0;

  function size(): number {
    const short = header.readUInt8(1) & 0x7f;
    return known < 2 ? 2 : short === 126 ? 4 : short === 127 ? 10 : 2;
  }

  function begin(): void {
    const short = header.readUInt8(1) & 0x7f;
    skip = short === 126 ? header.readUInt16BE(2) : short === 127 ? Number(header.readBigUInt64BE(2)) : short;
    known = 0;
    const opcode = header.readUInt8(0) & 0xf;
    if (opcode === 9) onPing();
    else if (opcode === 1) onFrame();
  }

  return (piece, length) => {
    let at = 0;
    while (at < length) {
      const passed = Math.min(skip, length - at);
      skip -= passed;
      at += passed;
      if (at === length) return;
      header.writeUInt8(piece.readUInt8(at++), known++);
      if (known === size()) begin();
    }
  };
}
