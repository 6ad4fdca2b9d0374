import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { noteOpen } from './left-open.ts';

/** A server in place of a real one: it can show faults that no real one can be made to show. */
export interface TcpServer {
  readonly port: number;
  /** The open connections. */
  readonly sockets: ReadonlySet<Socket>;
  /** Cuts the connections. */
  readonly close: () => Promise<void>;
}

/** @param what name for the error if a test does not close it. @param serve is called with each new connection */
export async function openTcpServer(what: string, serve: (socket: Socket) => void): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
    note.closed();
  };
  const note = noteOpen(what, close);
  return { port: (server.address() as AddressInfo).port, sockets, close };
}
