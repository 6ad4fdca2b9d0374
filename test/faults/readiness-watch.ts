import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from 'node:stream/consumers';
import { expect } from 'vitest';
import { noteOpen } from '../support/left-open.ts';
import { soon, stoodStill } from '../support/standstill.ts';

const interval = 150;
/** Longer than a process needs to find out that its database does not answer. */
const probeTimeoutMs = 2_800;
/** Maximum time until each process has answered, ms; it is asked all the time. */
const longestSilence = 60_000;
/** An answer is no evidence if the machine stalled for this many ms in the time before it, ms. */
const tolerable = 300;
const before = 5_000;

interface Asked {
  readonly name: string;
  readonly app: { readonly probes: string };
}

/** One request and its answer; times by `performance.now()`. */
interface Reading {
  readonly name: string;
  readonly sent: number;
  readonly answered: number;
  /** 0 if there was no answer. */
  readonly code: number;
  readonly report: {
    readonly status?: string;
    readonly redis?: string;
    readonly database?: string;
    readonly projector?: string;
    readonly otherReleases?: readonly string[];
    readonly views?: { readonly lagSeconds: number; readonly parkedStreams: number };
  };
}

/**
 * What a process may report about itself; each report must be correct and complete. `serving`: ready, or degraded for
 * a reason.
 */
const meanings = {
  ready: ({ code, report }) => code === 200 && report.status === 'ready',
  serving: ({ code, report }) => code === 200 && (report.status === 'degraded') === hasReason(report),
  unavailable: ({ code, report }) => code === 503 && report.status === 'unavailable',
  'without Redis': ({ code, report }) =>
    code === 200 && report.status === 'degraded' && report.redis === 'disconnected',
  behind: ({ code, report }) => code === 200 && report.status === 'degraded' && (report.views?.lagSeconds ?? 0) > 5,
  nothing: ({ code }) => code === 0,
} satisfies Record<string, (reading: Reading) => boolean>;

/** Whether the report names why the process is degraded. */
function hasReason({ redis, database, projector, otherReleases, views }: Reading['report']): boolean {
  return (
    (views?.lagSeconds ?? 0) > 5 ||
    (views?.parkedStreams ?? 0) > 0 ||
    redis === 'disconnected' ||
    database !== 'ok' ||
    projector !== 'running' ||
    otherReleases?.length !== 0
  );
}

export type Said = keyof typeof meanings;

/** Asks every process for its readiness all the time. Answers during or soon after a stall are skipped. */
export interface ReadinessWatch {
  /** Waits until each process was asked after this time, and has answered or timed out. */
  hear(of: readonly Asked[], from: number): Promise<void>;
  /** Checks that each process was asked within that time, and that every answer was this one. */
  expectSaid(what: Said, of: readonly Asked[], from: number, until: number): void;
  /**
   * Waits until each process reports this, for at most this much time in which the machine runs, ms. @returns when
   * all had
   */
  becomes(what: Said, of: readonly Asked[], milliseconds: number): Promise<number>;
  stop(): Promise<void>;
}

export function watchReadiness(members: readonly Asked[]): ReadinessWatch {
  const readings: Reading[] = [];
  let over = false;

  async function ask({ name, app }: Asked): Promise<void> {
    const sent = performance.now();
    const { code, report } = await answerOf(`${app.probes}/readyz`).catch(() => ({ code: 0, report: {} }));
    readings.push({ name, sent, answered: performance.now(), code, report });
  }
  /** Does not wait for the last answer: a slow process is asked as often as the others. */
  async function keepAsking(member: Asked): Promise<void> {
    const asked = new Set<Promise<void>>();
    while (!over) {
      const one = ask(member).finally(() => asked.delete(one));
      asked.add(one);
      await sleep(interval);
    }
    await Promise.all(asked);
  }
  /** The answers to the latest requests, not the latest answers. */
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
        const answers = within(name, from, until);
        const lies = answers.filter(one => !means(one));
        const wrong = lies.map(({ sent, answered, code, report }) => {
          return { after: Math.round(sent - from), took: Math.round(answered - sent), code, ...report };
        });
        const when = `within ${Math.round(until - from)} ms`;
        // In one line, because nothing else shows what it reported instead.
        if (lies.length > 0) expect.fail(`${name} should have said ${what} ${when}, not ${JSON.stringify(wrong)}`);
        expect(answers.length, `answers of ${name} ${when}`).toBeGreaterThan(0);
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

/** Over a new connection, as an orchestrator asks: the other side may have closed a kept one. */
function answerOf(url: string): Promise<Pick<Reading, 'code' | 'report'>> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(probeTimeoutMs) }, answer => {
      json(answer).then(
        report => resolve({ code: answer.statusCode ?? 0, report: report as Reading['report'] }),
        reject,
      );
    });
    request.on('error', reject);
  });
}
