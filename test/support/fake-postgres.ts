import type { Socket } from 'node:net';
import { openTcpServer } from './tcp-server.ts';

/** A server that speaks enough of PostgreSQL's protocol to simulate faults that no real server can be made to show. */
export interface FakePostgres {
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects every connection, e.g. with SQLSTATE 57P03 as a starting server does. */
export function refusingPostgres(state: string, message: string): Promise<FakePostgres> {
  return listen(socket => {
    socket.once('data', () => {
      socket.end(frame('E', `SFATAL\0VFATAL\0C${state}\0M${message}\0\0`));
    });
  });
}

/** Accepts connections and sends nothing. */
export function silentPostgres(): Promise<FakePostgres> {
  return listen(() => undefined);
}

/** Accepts every login after this time and answers no query. */
export function silentAfterLogin(delayMs: number): Promise<FakePostgres> {
  return listen(socket => {
    socket.once('data', () => {
      const login = setTimeout(() => socket.write(loggedIn), delayMs);
      socket.once('close', () => {
        clearTimeout(login);
      });
    });
  });
}

/** Accepts every login and answers every query with the same row. */
export function answeringPostgres(row: Readonly<Record<string, string>>): Promise<FakePostgres> {
  const columns = Object.keys(row).map(name =>
    Buffer.concat([Buffer.from(`${name}\0`), integers([4, 0], [2, 0], [4, 25], [2, -1], [4, -1], [2, 0])]),
  );
  const values = Object.values(row).map(value =>
    Buffer.concat([integers([4, Buffer.byteLength(value)]), Buffer.from(value)]),
  );
  const answer = Buffer.concat([
    frame('T', Buffer.concat([integers([2, columns.length]), ...columns])),
    frame('D', Buffer.concat([integers([2, values.length]), ...values])),
    frame('C', 'SELECT 1\0'),
    ready,
  ]);
  return listen(socket => {
    socket.once('data', () => {
      socket.write(loggedIn);
      socket.on('data', message => {
        if (message[0] === 'Q'.charCodeAt(0)) socket.write(answer);
      });
    });
  });
}

const ready = frame('Z', 'I');
const loggedIn = Buffer.concat([frame('R', integers([4, 0])), ready]);

async function listen(serve: (socket: Socket) => void): Promise<FakePostgres> {
  const { port, close } = await openTcpServer('a fake PostgreSQL', serve);
  return { url: `postgresql://somebody@127.0.0.1:${port}/anything`, close };
}

function frame(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(type), integers([4, bytes.length + 4]), bytes]);
}

/** Each is a number of bytes and a value. */
function integers(...fields: readonly (readonly [bytes: number, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeIntBE(value, 0, bytes);
      return buffer;
    }),
  );
}
