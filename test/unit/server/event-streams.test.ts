import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openEventStreams } from '../../../src/server/transports/event-streams.ts';
import type { TransportCounts } from '../../../src/server/transports/transport-counts.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('a stream whose frames fail does not count as open any more, and leaves no timer for the end of its token', async () => {
  const ended = vi.fn<() => void>();
  const streams = openEventStreams({ streamOpened: () => ended } as unknown as TransportCounts);
  const frames = { next: () => Promise.reject(new Error('no frame')) };
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  await expect(streams.carry(response, frames, Date.now() / 1000 + 3600)).rejects.toThrow('no frame');
  expect(ended).toHaveBeenCalledTimes(1);
  expect(streams.open.size).toBe(0);
  streams.close();
  expect(vi.getTimerCount()).toBe(0);
});
