import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { noteOpen } from './left-open.ts';

/**
 * What happens to a chunk of bytes that a client sends.
 * - `pass`: the chunk and its answer arrive
 * - `lose-request`: the connection is reset before the server gets the chunk
 * - `lose-answer`: the connection is reset when the server answers, so that the request was executed
 * - `swallow`: from now on nothing of this connection arrives, without any error
 */
export type Fate = 'pass' | 'lose-request' | 'lose-answer' | 'swallow';

/** A proxy before a database server. @returns it, and the database's URL through it */
export async function proxyBefore(databaseUrl: string): Promise<{ proxy: TcpProxy; url: string }> {
  const url = new URL(databaseUrl);
  const proxy = await openTcpProxy({ host: url.hostname, port: Number(url.port || 5432) });
  url.host = `127.0.0.1:${proxy.port}`;
  return { proxy, url: url.href };
}

/** A proxy between a client and a server that can cut and delay their connections. */
export interface TcpProxy {
  readonly port: number;
  /** From now on decides what happens to each chunk of a client; before, all pass. */
  meet(fate: (bytes: Buffer) => Fate): void;
  /** From now on changes each chunk of the server before it arrives. */
  filter(change: (bytes: Buffer) => Buffer): void;
  /** From now on delays each chunk of the server by this many ms; a function is called for each chunk. */
  delay(milliseconds: number | ((bytes: Buffer) => number)): void;
  /** Holds back everything that either side sends, and delivers it when it is switched off: a partition that heals. */
  hold(on: boolean): void;
  /** Number of open connections. */
  readonly connections: number;
  /** Number of chunks that did not pass, were delayed or held back, and of connections that `cut` broke. */
  readonly harmed: number;
  /** Answers of the server that no client got, because of `lose-answer`. */
  readonly lostAnswers: readonly Buffer[];
  /** From now on connects to another server, as a load balancer does. */
  aim(target: { host: string; port: number }): void;
  /**
   * Closes every connection as a machine does that shuts down (`end`) or that has lost its state (`reset`).
   * @param which decides for each connection
   */
  cut(how: 'end' | 'reset', which?: () => boolean): void;
  /** Resets every connection and accepts no more. */
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

  /** Now, or after the partition, in order. */
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
    /** Answers in flight, in order. */
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
      const delivery = (answers ?? Promise.resolve())
        .then(() => sleep(Math.max(0, arrives - performance.now())))
        .then(() => {
          carry(() => client.write(bytes));
          if (answers === delivery) answers = undefined;
        });
      answers = delivery;
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
