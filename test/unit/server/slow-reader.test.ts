import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { formatPosition } from '../../../src/event-store/position.ts';
import { eventually } from '../../support/eventually.ts';
import { connectSocket } from '../../support/socket.ts';
import { openEventStream } from '../../support/event-stream.ts';
import { stopwatch } from '../../support/standstill.ts';
import { staffToken } from '../../support/tokens.ts';
import { next, position, Source, tick } from '../graphql/mini-schema.ts';
import { startMiniServer } from './mini-server.ts';

const filler = 'x'.repeat(50_000);

test('a client that reads nothing for 30 s is closed with 1013 and can resume; it delays no other client, and little is buffered for it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { url } = await startMiniServer();
  const token = await staffToken();
  const many = Array.from({ length: 5_000 }, (_, index) => tick(index + 100));

  const stopped = (next.source = new Source());
  const socket = await connectSocket(url, token);
  const lost = socket.subscribe(`subscription { ${filler}: ticks }`);
  await eventually(() => expect(stopped.asked).toBe(1));
  socket.ws.pause();

  const stoppedStream = (next.source = new Source());
  const stream = await openEventStream(url, `subscription { ${filler}: ticks }`, {}, { token });
  await eventually(() => expect(stoppedStream.asked).toBe(1));
  stream.response.pause();
  stopped.give(...many);
  stoppedStream.give(...many);

  // When the buffers in between are full, neither source is asked for more.
  await eventually(async () => {
    const before = [stopped.asked, stoppedStream.asked];
    await sleep(300);
    expect([stopped.asked, stoppedStream.asked]).toEqual(before);
  });
  const kept = [stopped.asked, stoppedStream.asked];
  for (const asked of kept) expect(asked).toBeLessThan(2_000);

  const quick = (next.source = new Source());
  const other = await connectSocket(url, token);
  const ticks = other.subscribe('subscription { ticks }');
  const times: number[] = [];
  let point = 0;
  // A few frames in each of 31 seconds.
  for (let frame = 0; frame < 31 * 5; frame++) {
    const passed = stopwatch();
    quick.give(tick(point++ + 1_000));
    await ticks.next();
    times.push(passed());
    await sleep(5);
    vi.advanceTimersByTime(200);
  }
  times.sort((one, two) => one - two);
  // Whatever waited for a slow client would wait for seconds.
  expect(times[Math.floor(times.length / 2)]).toBeLessThan(1_000);
  expect([stopped.asked, stoppedStream.asked]).toEqual(kept);
  await eventually(() => expect(stoppedStream.returned).toBe(1));

  // It reads again: first the buffered frames, then the reason of the close.
  socket.ws.resume();
  expect(await socket.closed).toEqual({ code: 1013, reason: 'Nothing was read for 30 s' });
  await eventually(() => expect(stopped.returned).toBe(1));
  const last = 100 + lost.waiting - 1;
  next.source = new Source();
  const again = await connectSocket(url, token);
  again.subscribe('subscription { ticks }', {}, { after: formatPosition(position(last)) });
  await eventually(() => expect(next.after).toEqual(position(last)));
  stream.response.resume();
  expect(await stream.ended).toBe('cut');
  await again.close();
  await other.close();
}, 120_000);
