import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A WebSocket by hand: its frames are counted, not parsed, so that what is measured is not the client. */
export interface RawSocket {
  readonly socket: Socket;
  send(message: object): void;
}

/** @param onFrame told of each data frame */
export async function openRawSocket(
  url: string,
  path: string,
  protocol: string | undefined,
  onFrame: () => void,
): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const key = randomBytes(16).toString('base64');
  const asked = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${asked}\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(head.toString('latin1'));
  socket.on(
    'data',
    frameCounter(onFrame, () => socket.write(maskedFrame(0xa, Buffer.alloc(0)))),
  );
  socket.on('error', () => undefined);
  return { socket, send: message => socket.write(maskedFrame(1, Buffer.from(JSON.stringify(message)))) };
}

function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
}

/** Follows the headers of a server's frames through whatever pieces they come in. */
function frameCounter(onFrame: () => void, onPing: () => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0;
  return piece => {
    let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (;;) {
      const passed = Math.min(skip, bytes.length);
      skip -= passed;
      bytes = bytes.subarray(passed);
      const short = (bytes[1] ?? 0) & 0x7f;
      const header = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (skip > 0 || bytes.length < 2 || bytes.length < header) break;
      const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
      const opcode = (bytes[0] ?? 0) & 0xf;
      if (opcode === 9) onPing();
      else if (opcode === 1) onFrame();
      skip = header + length;
    }
    rest = bytes;
  };
}
