import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { noteOpen } from '../../support/left-open.ts';

/** A connection on which anything may be said, also what no HTTP client would. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that has come back. */
  readonly received: () => string;
  /** Once the server has closed it, and when that was (performance.now()). */
  readonly closed: Promise<number>;
}

export async function rawConnection(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined); // `closed` tells
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

/** Says it, and answers all that comes back until the server closes; it is asked to. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const connection = await rawConnection(url);
  connection.socket.write(text, 'latin1');
  await connection.closed;
  return connection.received();
}
