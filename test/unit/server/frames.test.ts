import { parse } from 'graphql';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { trackOpenPerCaller } from '../../../src/server/limits/open-per-caller.ts';
import { type Caller, createContext } from '../../../src/graphql/context.ts';
import { subscribeToOperation } from '../../../src/server/execution/operation.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import type { Payload } from '../../../src/server/execution/frames/payload.ts';
import { openFrameDelivery } from '../../../src/server/execution/frames/frame-delivery.ts';
import { next, schema, Source, tick } from '../graphql/mini-schema.ts';
import { logger } from './mini-server.ts';

const identity = { actor: { role: 'staff', subject: 'anna' }, expiresAt: Date.now() / 1000 + 60 } as const;

async function subscribed(caller: Caller = { identity }) {
  const source = (next.source = new Source());
  const contextValue = createContext({} as Dependencies, logger, caller);
  const args = { schema, document: parse('subscription { ticks }'), contextValue };
  const frames = await subscribeToOperation(args, { frames: openFrameDelivery(), callers: trackOpenPerCaller() });
  if (!(Symbol.asyncIterator in frames)) throw new Error(JSON.stringify(frames));
  return { source, frames, contextValue };
}

/** The payload of the next frame. */
async function nextOf(frames: AsyncIterator<Payload>): Promise<unknown> {
  const { value } = (await frames.next()) as IteratorYieldResult<Payload>;
  return JSON.parse(value.json);
}

describe('frames', () => {
  test('a reader that leaves while it waits is released at once, and its source is closed', async () => {
    const { source, frames } = await subscribed();
    const waiting = frames.next();
    await frames.return();
    expect(source.returned).toBe(1);
    expect(await waiting).toEqual({ value: undefined, done: true });
    source.give(tick(1));
    expect(await frames.next()).toEqual({ value: undefined, done: true });
  });

  test('the source is asked for its next event when the last frame was taken, not before', async () => {
    const { source, frames } = await subscribed();
    expect(source.asked).toBe(0);
    source.give(tick(1), tick(2), tick(3));
    await frames.next();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(source.asked).toBe(1);
    await frames.next();
    expect(source.asked).toBe(2);
  });

  test('a source that fails ends with one masked error', async () => {
    const { source, frames } = await subscribed();
    source.give(new Error('password=hunter2'));
    const value = await nextOf(frames);
    expect(JSON.stringify(value)).not.toContain('hunter2');
    expect(value).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect((await frames.next()).done).toBe(true);
    expect(source.returned).toBe(1);
  });

  test('a token that expires between two frames ends the stream before the second one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { source, frames } = await subscribed({ identity: { ...identity, expiresAt: Date.now() / 1000 + 60 } });
    source.give(tick(1));
    expect(await nextOf(frames)).toMatchObject({ data: { ticks: 1 } });
    const second = nextOf(frames);
    vi.setSystemTime(Date.now() + 60_000);
    source.give(tick(2));
    expect(await second).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect((await frames.next()).done).toBe(true);
    expect(source.returned).toBe(1);
  });

  test('a viewer without a token gets no source', async () => {
    await expect(subscribed({ identity: undefined })).rejects.toThrow('valid token');
  });
});
