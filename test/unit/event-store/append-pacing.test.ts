import { describe, expect, it } from 'vitest';
import { AppendPacing } from '../../../src/event-store/append-pacing.ts';

/** Sends a call of all that may be sent. @returns its requests, and the requests that remain in the queue */
function send(pacing: AppendPacing, waiting: number): { call: number; left: number } {
  const call = Math.min(pacing.callSize(waiting), waiting);
  if (call > 0) pacing.callStarted(call, waiting - call);
  return { call, left: waiting - call };
}

function end(pacing: AppendPacing, call: number): void {
  pacing.callEnded(call);
  pacing.released();
}

/** With this many requests waiting for the first time. */
function crowd(waiting: number): { pacing: AppendPacing; calls: number[] } {
  const pacing = new AppendPacing();
  const first = send(pacing, waiting);
  const second = send(pacing, first.left);
  return { pacing, calls: [first.call, second.call] };
}

describe('the pacing of appends', () => {
  it('sends the only request of an idle node at once', () => {
    const pacing = new AppendPacing();
    for (let n = 0; n < 3; n++) {
      expect(send(pacing, 1)).toEqual({ call: 1, left: 0 });
      end(pacing, 1);
    }
  });

  it('sends nothing if nothing waits', () => {
    expect(new AppendPacing().callSize(0)).toBe(0);
  });

  it.each([
    [128, [64, 64]],
    [49, [25, 24]],
    [400, [200, 200]],
    [700, [200, 200]],
  ])('shares %i requests between two calls', (waiting, calls) => {
    expect(crowd(waiting).calls).toEqual(calls);
  });

  it('sends no third call', () => {
    const { pacing } = crowd(400);
    expect(pacing.callSize(10_000)).toBe(0);
    expect(pacing.sendsAtOnce(10_000)).toBe(false);
  });

  it('holds a small call back beside another one until three quarters of a call wait', () => {
    const pacing = new AppendPacing();
    send(pacing, 1);
    expect(pacing.callSize(17)).toBe(0);
    expect(pacing.callSize(18)).toBe(24);
  });

  it('holds no call back beside one that was released because it takes long', () => {
    const pacing = new AppendPacing();
    send(pacing, 1);
    pacing.released();
    expect(pacing.callSize(1)).toBe(24);
  });

  it.each([
    [1, 0],
    [19, 0],
    [20, 1],
    [30, 1.5],
    [100, 2],
  ])('after a call of %i requests pauses for %f ms, for the next commands of its callers', (requests, pauseMs) => {
    const pacing = new AppendPacing();
    pacing.callStarted(requests, 0);
    expect(pacing.callEnded(requests)).toBe(pauseMs);
    expect(pacing.callSize(1)).toBe(0);
    pacing.released();
    expect(pacing.callSize(1)).toBeGreaterThan(0);
  });

  it('makes smaller calls when a crowd has gone, step by step', () => {
    const { pacing, calls } = crowd(400);
    for (const call of calls) end(pacing, call);
    const sizes: number[] = [];
    for (let n = 0; n < 25; n++) {
      sizes.push(pacing.callSize(1));
      send(pacing, 1);
      end(pacing, 1);
    }
    expect(sizes.slice(0, 3)).toEqual([200, 180, 162]);
    expect(sizes.at(-1)).toBe(24);
  });

  it('sends a whole call in the middle of a turn only if many callers were seen', () => {
    const few = new AppendPacing();
    few.callSize(47);
    expect(few.sendsAtOnce(47)).toBe(false);
    const many = new AppendPacing();
    many.callSize(48);
    expect(many.sendsAtOnce(23)).toBe(false);
    expect(many.sendsAtOnce(24)).toBe(true);
  });
});
