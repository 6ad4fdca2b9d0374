import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { noteOpen } from '../../support/left-open.ts';

/** A connection that can send any bytes, also what no HTTP client would send. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything that was received. */
  readonly received: () => string;
  /** Resolves when the server has closed it, with the time (performance.now()). */
  readonly closed: Promise<number>;
}

export async function rawConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined); // `closed` reports it
  const note = noteOpen('connection', () => socket.destroy());
  const closed = new Promise<number>(resolve => {
    socket.once('close', () => {
      note.closed();
      resolve(performance.now());
    });
  });
  await once(socket, 'connect');
  return { socket, received: () => text, closed };
}

/** Sends bytes, and resolves with everything received until the server closes, as the request asks it to. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const connection = await rawConnection(url);
  connection.socket.write(text, 'latin1');
  await connection.closed;
  return connection.received();
}
