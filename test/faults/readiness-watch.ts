import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from 'node:stream/consumers';
import { expect } from 'vitest';
import { noteOpen } from '../support/left-open.ts';
import { soon, stoodStill } from '../support/standstill.ts';

const interval = 150;
/** Longer than a process takes to find out that its database does not answer. */
const patience = 2_800;
/** Until each has said something, ms; it is asked all the time. */
const longestSilence = 60_000;
/** An answer after which the machine stood still for that many ms in the time before it, ms, is no evidence. */
const tolerable = 300;
const before = 5_000;

interface Asked {
  readonly name: string;
  readonly app: { readonly probes: string };
}

/** One question and its answer; times by `performance.now()`. */
interface Reading {
  readonly name: string;
  readonly sent: number;
  readonly answered: number;
  /** 0 where nothing answered. */
  readonly code: number;
  readonly said: {
    readonly status?: string;
    readonly redis?: string;
    readonly views?: { readonly lagSeconds: number };
  };
}

/** What a process may have to say of itself; each has to be the whole truth. `serving`: ready, or degraded for a reason. */
const meanings = {
  ready: ({ code, said }) => code === 200 && said.status === 'ready',
  serving: ({ code, said: { status, redis, views } }) =>
    code === 200 && (status === 'degraded') === ((views?.lagSeconds ?? 0) > 5 || redis === 'disconnected'),
  unavailable: ({ code, said }) => code === 503 && said.status === 'unavailable',
  'without Redis': ({ code, said }) => code === 200 && said.status === 'degraded' && said.redis === 'disconnected',
  behind: ({ code, said }) => code === 200 && said.status === 'degraded' && (said.views?.lagSeconds ?? 0) > 5,
  nothing: ({ code }) => code === 0,
} satisfies Record<string, (reading: Reading) => boolean>;

export type Said = keyof typeof meanings;

/** Asks every process all the time how it is. What was said while the machine stood still, or soon after, is left out. */
export interface ReadinessWatch {
  /** Waits until each was asked and has answered, or kept silent, from that time on. */
  hear(of: readonly Asked[], from: number): Promise<void>;
  /** Each was asked within that time, and whatever it answered was this. */
  expectSaid(what: Said, of: readonly Asked[], from: number, until: number): void;
  /** Waits until each says so, asked from now on, for that many ms in which the machine runs. @returns when all had */
  becomes(what: Said, of: readonly Asked[], milliseconds: number): Promise<number>;
  stop(): Promise<void>;
}

export function watchReadiness(members: readonly Asked[]): ReadinessWatch {
  const readings: Reading[] = [];
  let over = false;

  async function ask({ name, app }: Asked): Promise<void> {
    const sent = performance.now();
    const { code, said } = await answerOf(`${app.probes}/readyz`).catch(() => ({ code: 0, said: {} }));
    readings.push({ name, sent, answered: performance.now(), code, said });
  }
  /** Whether or not the last answer is there: what takes long is asked for all the same. */
  async function keepAsking(member: Asked): Promise<void> {
    const asked = new Set<Promise<void>>();
    while (!over) {
      const one = ask(member).finally(() => asked.delete(one));
      asked.add(one);
      await sleep(interval);
    }
    await Promise.all(asked);
  }
  /** Of those that were sent last, not of those that were answered last. */
  function latestOf(name: string, from: number): Reading | undefined {
    const answered = readings.filter(one => one.name === name && one.sent >= from);
    return answered.sort((one, other) => one.sent - other.sent).at(-1);
  }

  function within(name: string, from: number, until: number): Reading[] {
    return readings.filter(
      one =>
        one.name === name &&
        one.sent >= from &&
        one.answered <= until &&
        stoodStill(one.sent - before, one.answered) < tolerable,
    );
  }

  const asking = Promise.all(members.map(keepAsking));
  const stop = async (): Promise<void> => {
    over = true;
    await asking;
    note.closed();
  };
  const note = noteOpen('a readiness watch', stop);

  return {
    stop,
    async hear(of, from) {
      const deadline = performance.now() + longestSilence;
      const isHeard = ({ name }: Asked) => within(name, from, Infinity).length > 0;
      while (!of.every(isHeard) && performance.now() < deadline) await sleep(20);
    },
    expectSaid(what, of, from, until) {
      const means: (reading: Reading) => boolean = meanings[what];
      for (const { name } of of) {
        const heard = within(name, from, until);
        const lies = heard.filter(one => !means(one));
        const told = lies.map(({ sent, answered, code, said }) => {
          return { after: Math.round(sent - from), took: Math.round(answered - sent), code, ...said };
        });
        const when = `within ${Math.round(until - from)} ms`;
        // In one line, whole: what it said instead is what there is to know.
        if (lies.length > 0) expect.fail(`${name} should have said ${what} ${when}, not ${JSON.stringify(told)}`);
        expect(heard.length, `answers of ${name} ${when}`).toBeGreaterThan(0);
      }
    },
    async becomes(what, of, milliseconds) {
      const from = performance.now();
      const means: (reading: Reading) => boolean = meanings[what];
      await soon(() => {
        const latest = of.map(({ name }) => latestOf(name, from));
        if (!latest.every(one => one && means(one))) expect.fail(`not ${what}: ${JSON.stringify(latest)}`);
      }, milliseconds);
      return performance.now();
    },
  };
}

/** Over a connection of its own, as an orchestrator asks: one that was kept may have been closed by the other side. */
function answerOf(url: string): Promise<Pick<Reading, 'code' | 'said'>> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(patience) }, answer => {
      json(answer).then(said => resolve({ code: answer.statusCode ?? 0, said: said as Reading['said'] }), reject);
    });
    request.on('error', reject);
  });
}
