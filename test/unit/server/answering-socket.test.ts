import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { connectSocket, type TestSocket } from '../../support/socket.ts';
import { staffToken } from '../../support/tokens.ts';
import { next, Source, tick, touches, touching } from '../graphql/mini-schema.ts';
import { startMiniServer } from './mini-server.ts';

const touch = (field: string, what: string) => `mutation { ${field}(what: "${what}") }`;

/** Makes a server close a socket, and the close code. */
const closings: readonly [string, number, (socket: TestSocket, server: { close(): Promise<void> }) => unknown][] = [
  ['the server stops', 1012, (_socket, server) => server.close()],
  ['its token expires', 4403, () => undefined],
  ['a message is too long', 1009, ({ ws }) => ws.send('x'.repeat(70_000))],
  ['a message is not text', 1007, ({ ws }) => ws.send(Buffer.from([0xff, 0xfe]), { binary: false })],
  ['a message is not of the protocol', 4400, socket => socket.send('hello')],
  ['an id is used twice', 4409, socket => twice(socket)],
  ['it authenticates twice', 4429, socket => socket.send({ type: 'connection_init' })],
];

function twice(socket: TestSocket): void {
  for (let n = 0; n < 2; n++)
    socket.send({ id: 'same', type: 'subscribe', payload: { query: 'subscription { ticks }' } });
}

test.each(closings)(
  'a command in flight is answered before its socket is closed, if %s (%i); subscriptions end at once, later commands are not executed',
  async (title, code, close) => {
    const server = await startMiniServer();
    const source = (next.source = new Source());
    const expires = code === 4403 ? '2s' : '1h';
    const socket = await connectSocket(server.url, await staffToken({ expires }));
    const ticks = socket.subscribe('subscription { ticks }');
    await eventually(() => expect(source.asked).toBe(1));
    const command = socket.subscribe(touch('touchLater', title));
    await eventually(() => expect(touches).toContain(title));

    const closed = Promise.resolve(close(socket, server));
    await eventually(() => expect(source.returned).toBeGreaterThan(0));
    source.give(tick(1));
    const refused = socket.subscribe(touch('touch', `too late: ${title}`));
    socket.ws.ping();
    await new Promise(resolve => {
      socket.ws.once('pong', resolve);
      // After a protocol error the server reads nothing more from the client.
      if (code < 1010) setTimeout(resolve, 100);
    });
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);

    touching.end();
    expect(await command.frame()).toMatchObject({ type: 'next', payload: { data: { touchLater: title } } });
    expect((await command.frame()).type).toBe('complete');
    expect((await socket.closed).code).toBe(code);
    await closed;
    expect([ticks.waiting, refused.waiting]).toEqual([0, 0]);
    expect(touches).not.toContain(`too late: ${title}`);
  },
);

test('a command whose message arrives after the close frame is not executed', async () => {
  const server = await startMiniServer();
  const socket = await connectSocket(server.url, await staffToken());
  // The client answers the close frame only after reading it.
  socket.ws.pause();
  const closed = server.close();
  await sleep(200);
  socket.subscribe(touch('touch', 'after the close frame'));
  await sleep(200);
  socket.ws.resume();
  expect((await socket.closed).code).toBe(1012);
  await closed;
  expect(touches).not.toContain('after the close frame');
});

test('a command that is not answered within 12 s does not keep its socket open', async () => {
  const server = await startMiniServer();
  const socket = await connectSocket(server.url, await staffToken());
  const command = socket.subscribe(touch('touchLater', 'hangs'));
  await eventually(() => expect(touches).toContain('hangs'));
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const closed = server.close();
  vi.advanceTimersByTime(11_000);
  expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  vi.advanceTimersByTime(1_000);
  expect((await socket.closed).code).toBe(1012);
  expect(command.waiting).toBe(0);
  touching.end();
  await closed;
});
