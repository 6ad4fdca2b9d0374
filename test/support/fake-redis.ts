import { openTcpServer } from './tcp-server.ts';

/** A server that replies in place of Redis. */
export interface FakeRedis {
  readonly url: string;
  /**
   * How commands are answered from now on; undefined: as Redis does.
   * @param answer returns what is written; `close`: the connection is closed; undefined: nothing is written
   */
  answerBy(answer: ((command: readonly string[]) => string | undefined) | undefined): void;
  /** Writes this to all connections, without a request. */
  say(text: string): void;
  readonly commands: number;
  readonly port: number;
  close(): Promise<void>;
}

export async function openFakeRedis(): Promise<FakeRedis> {
  let answer: ((command: readonly string[]) => string | undefined) | undefined;
  let commands = 0;
  const { port, sockets, close } = await openTcpServer('a fake Redis', socket => {
    socket.on('data', data => {
      for (const command of commandsIn(data.toString('latin1'))) {
        commands++;
        const reply = answer ? answer(command) : properAnswer(command, port);
        if (reply === 'close') return socket.destroy();
        if (reply !== undefined) socket.write(reply, 'latin1');
      }
      return undefined;
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    answerBy: one => void (answer = one),
    say: text => {
      for (const socket of sockets) socket.write(text, 'latin1');
    },
    get commands() {
      return commands;
    },
    close,
  };
}

/** Each command is an array of bulk strings; clients write each one in a single chunk. */
function commandsIn(text: string): string[][] {
  return text
    .split(/\*\d+\r\n/)
    .slice(1)
    .map(one =>
      one
        .split(/\$\d+\r\n/)
        .slice(1)
        .map(word => word.slice(0, -2)),
    );
}

/** The reply that Redis would give, or a sentinel whose only master is at this port. */
export function properAnswer([name = '', ...rest]: readonly string[], port: number): string {
  switch (name.toLowerCase()) {
    case 'info':
      return bulk('redis_version:7.0.0\r\nloading:0\r\n');
    case 'subscribe':
      return rest.map((channel, index) => `*3\r\n${bulk('subscribe')}${bulk(channel)}:${index + 1}\r\n`).join('');
    case 'sentinel':
      return rest[0] === 'get-master-addr-by-name' ? `*2\r\n${bulk('127.0.0.1')}${bulk(`${port}`)}` : '*0\r\n';
    case 'ping':
      return '+PONG\r\n';
    case 'incrby':
      return `:${rest[1]}\r\n`;
    case 'publish':
    case 'expire':
      return ':1\r\n';
    default:
      return '+OK\r\n';
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
