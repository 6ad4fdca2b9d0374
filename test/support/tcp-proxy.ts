import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Lets each piece that the server sends arrive that many ms later from now on; where it is a function, asked for each. */
  delay(milliseconds: number | ((bytes: Buffer) => number)): void;
  /** Holds back all that either side sends, and lets it arrive once it no longer does: a partition that heals. */
  hold(on: boolean): void;
  /** Connections that are open now. */
  readonly connections: number;
  /** Pieces that met another fate than `pass`, were delayed or held back, and connections that `cut` broke. */
  readonly harmed: number;
  /** What the server answered, and no client got, because its fate was `lose-answer`. */
  readonly lostAnswers: readonly Buffer[];
  /** Connects from now on to another server, as a balancer does. */
  aim(target: { host: string; port: number }): void;
  /**
   * Closes every connection as a machine does that shuts down (`end`) or that has forgotten them (`reset`).
   * @param which asked for each: whether that one too
   */
  cut(how: 'end' | 'reset', which?: () => boolean): void;
  /** Resets every connection and takes no more. */
  refuse(): Promise<void>;
  close(): Promise<void>;
}

export async function openTcpProxy(first: { host: string; port: number }): Promise<TcpProxy> {
  let target = first;
  const clients = new Set<Socket>();
  let fateOf: (bytes: Buffer) => Fate = () => 'pass';
  let changed: (bytes: Buffer) => Buffer = bytes => bytes;
  let lateBy: (bytes: Buffer) => number = () => 0;
  let harmed = 0;
  const lostAnswers: Buffer[] = [];
  let held: (() => void)[] | undefined;

  /** Now, or once nothing is held back any more, after all that came before. */
  function carry(write: () => void): void {
    if (held === undefined) {
      write();
      return;
    }
    harmed++;
    held.push(write);
  }

  const server = createServer(client => {
    const upstream = connect(target);
    let fate: Fate = 'pass';
    /** Answers on their way, in order. */
    let answers: Promise<void> | undefined;
    clients.add(client);
    client.on('data', bytes => {
      if (fate === 'pass') {
        fate = fateOf(bytes);
        if (fate !== 'pass') harmed++;
      }
      if (fate === 'lose-request') client.resetAndDestroy();
      else if (fate !== 'swallow') carry(() => upstream.write(bytes));
    });
    upstream.on('data', bytes => {
      if (fate === 'lose-answer') {
        lostAnswers.push(bytes);
        client.resetAndDestroy();
      } else if (fate !== 'swallow') answer(changed(bytes));
    });
    function answer(bytes: Buffer): void {
      const late = lateBy(bytes);
      if (late === 0 && answers === undefined) {
        carry(() => client.write(bytes));
        return;
      }
      if (late > 0) harmed++;
      const arrives = performance.now() + late;
      const mine = (answers ?? Promise.resolve())
        .then(() => sleep(Math.max(0, arrives - performance.now())))
        .then(() => {
          carry(() => client.write(bytes));
          if (answers === mine) answers = undefined;
        });
      answers = mine;
    }
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
  const cut: TcpProxy['cut'] = (how, which = () => true) => {
    for (const client of clients) {
      if (!which()) continue;
      harmed++;
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
    delay: milliseconds => {
      lateBy = typeof milliseconds === 'number' ? () => milliseconds : milliseconds;
    },
    hold: on => {
      const waiting = held ?? [];
      held = on ? waiting : undefined;
      if (!on) for (const write of waiting) write();
    },
    get connections() {
      return clients.size;
    },
    get harmed() {
      return harmed;
    },
    lostAnswers,
    aim: other => {
      target = other;
    },
    cut,
    refuse,
    close,
  };
}
