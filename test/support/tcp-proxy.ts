import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { noteOpen } from './left-open.ts';

/**
 * What becomes of a piece of bytes that a client sends.
 * - `pass`: it and its answer arrive
 * - `lose-request`: the connection is reset before the server has seen it
 * - `lose-answer`: the connection is reset once the server answers it, so that what it asked for was done
 * - `swallow`: from now on nothing of this connection arrives anywhere, and nobody is told
 */
export type Fate = 'pass' | 'lose-request' | 'lose-answer' | 'swallow';

/** Stands between a client and a server, and cuts what is between them. */
export interface TcpProxy {
  readonly port: number;
  /** Decides from now on what becomes of each piece that a client sends; until then all pass. */
  meet(fate: (bytes: Buffer) => Fate): void;
  /** Changes from now on what arrives of each piece that the server sends. */
  filter(change: (bytes: Buffer) => Buffer): void;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connects from now on to another server, as a balancer does. */
  aim(target: { host: string; port: number }): void;
  /** Closes every connection as a machine does that shuts down (`end`) or that has forgotten them (`reset`). */
  cut(how: 'end' | 'reset'): void;
  /** Resets every connection and takes no more. */
  refuse(): Promise<void>;
  close(): Promise<void>;
}

export async function openTcpProxy(first: { host: string; port: number }): Promise<TcpProxy> {
  let target = first;
  const clients = new Set<Socket>();
  let fateOf: (bytes: Buffer) => Fate = () => 'pass';
  let changed: (bytes: Buffer) => Buffer = bytes => bytes;

  const server = createServer(client => {
    const upstream = connect(target);
    let fate: Fate = 'pass';
    clients.add(client);
    client.on('data', bytes => {
      if (fate === 'pass') fate = fateOf(bytes);
      if (fate === 'lose-request') client.resetAndDestroy();
      else if (fate !== 'swallow') upstream.write(bytes);
    });
    upstream.on('data', bytes => {
      if (fate === 'lose-answer') client.resetAndDestroy();
      else if (fate !== 'swallow') client.write(changed(bytes));
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.on('close', () => clients.delete(client));
  });

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const cut: TcpProxy['cut'] = how => {
    for (const client of clients) {
      if (how === 'end') client.destroy();
      else client.resetAndDestroy();
    }
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut('reset');
    await closed;
  };
  const close = async (): Promise<void> => {
    await refuse();
    note.closed();
  };
  const note = noteOpen(`a proxy on port ${port}`, close);
  return {
    port,
    meet: fate => {
      fateOf = fate;
    },
    filter: change => {
      changed = change;
    },
    get connections() {
      return clients.size;
    },
    aim: other => {
      target = other;
    },
    cut,
    refuse,
    close,
  };
}
