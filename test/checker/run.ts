import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, openCluster } from './cluster.ts';
import type { History, PlannedFault, Probe, Quiet } from './history.ts';
import { openPerformer, type Performer } from './perform.ts';
import { type Fault, type Phase, type Plan } from './plan.ts';
import { type Random, seeded } from './random.ts';
import { readLog } from './read-log.ts';
import { isShortLived, rosterOf, timekeepersOf } from './roster.ts';
import { settle } from './settle.ts';
import { startSubscriber, type Subscriber } from './subscriber.ts';

const workers = 8;
const probeCount = 9;
const longLife = 3_600_000;
const shortLife = 3_000;

/** Conditions of a run. */
export interface Conditions {
  /** URL of a migrated, empty database. */
  readonly database: string;
  readonly subscribers: number;
  /** Folder whose src/ runs; default: this project's. */
  readonly folder?: string;
}

/** Runs a plan on real processes and returns everything that was observed. */
export async function run(plan: Plan, { database, subscribers: count, folder }: Conditions): Promise<History> {
  const random = seeded(plan.seed);
  const cluster = await openCluster(database, random.next, folder);
  const performer = openPerformer(plan, cluster.urls);
  await performer.prepare();
  const clocks = timekeepersOf(plan).map(one => start(one, longLife));
  const others = rosterOf(plan, count).map((one, index) => start(one, isShortLived(index) ? shortLife : longLife));
  const subscribers = [...clocks, ...others];
  const faults: PlannedFault[] = [];
  const quiets: Quiet[] = [];
  const probes: Probe[] = [];
  const lost = new Map<number, number>();

  function start(one: Parameters<typeof startSubscriber>[0], lifetime: number): Subscriber {
    const seed = plan.seed * 1_000 + [...one.name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    return startSubscriber(one, { urls: cluster.urls, random: seeded(seed), lifetime });
  }

  try {
    for (const [index, phase] of plan.phases.entries()) {
      cluster.loseHints(phase.hintsLost);
      cluster.delayAnswers(phase.answersLate);
      faults.push(...(await carryOut(phase, `${index}`, { cluster, performer, subscribers, random })));
      cluster.delayAnswers(0);
      lost.set(phase.hintsLost, (lost.get(phase.hintsLost) ?? 0) + cluster.lost);
      quiets.push(await settle(subscribers, await readLog(database), cluster.urls));
      if (phase.hintsLost === 0 && phase.pause === 0) probes.push(...(await probe(performer, clocks, `${index}`)));
    }
    // Otherwise the frames of the last probe would be missing at the end.
    quiets.push(await settle(subscribers, await readLog(database), cluster.urls));
  } finally {
    await Promise.all(subscribers.map(one => one.stop()));
    await cluster.stop();
  }
  for (const [part, bit] of lost) if (part > 0) faults.push({ what: `lose ${part * 100} % of the hints`, bit });
  faults.push({ what: "PostgreSQL's answers arrive late", bit: cluster.late });
  faults.push(...met(subscribers));
  return { log: await readLog(database), subscribers, quiets, faults, probes };
}

interface Running {
  readonly cluster: Cluster;
  readonly performer: Performer;
  readonly subscribers: readonly Subscriber[];
  readonly random: Random;
}

/** Sends a phase's commands and injects its faults; all faults are repaired before it returns. */
async function carryOut(
  { commands, faults, pause }: Phase,
  name: string,
  { cluster, performer, subscribers, random }: Running,
): Promise<PlannedFault[]> {
  const bitten: PlannedFault[] = [];
  let started = 0;
  // One after another: a node cannot start while Redis is down.
  let breaking = Promise.resolve();

  async function work(): Promise<void> {
    while (started < commands.length) {
      const index = started++;
      for (const { fault } of faults.filter(({ after }) => after === index)) {
        breaking = breaking.then(async () => {
          bitten.push({ what: fault.type, bit: await breakBy(fault, cluster, subscribers) });
        });
      }
      if (pause > 0) await sleep(random.next() * pause);
      await performer.perform(commands[index]!, `${name}-${index}`);
    }
  }

  await Promise.all(Array.from({ length: workers }, work));
  await breaking;
  return bitten;
}

async function breakBy(fault: Fault, cluster: Cluster, subscribers: readonly Subscriber[]): Promise<number> {
  switch (fault.type) {
    case 'kill node':
      return cluster.killNode(fault.node);
    case 'kill projector':
      return cluster.killProjector(fault.projector);
    case 'kill Redis':
      return cluster.killRedis();
    case 'cut Redis':
      return cluster.cutRedis();
    case 'cut PostgreSQL':
      return cluster.cutPostgres();
    case 'cut sockets':
      return cluster.cutSockets([fault.node]);
    case 'cut all sockets':
      return cluster.cutSockets([...cluster.urls.keys()]);
    case 'cut half the sockets':
      return cluster.cutSockets([...cluster.urls.keys()], 0.5);
    case 'foreign positions': {
      const forgers = subscribers.filter((_, index) => index % 3 === 0);
      for (const one of forgers) one.forge();
      return forgers.length;
    }
  }
}

/** The faults that clients see. */
function met(subscribers: readonly Subscriber[]): PlannedFault[] {
  const connections = subscribers.flatMap(one => one.connections);
  const expired = connections.filter(({ endedAt, expiresAt }) => endedAt !== undefined && endedAt >= expiresAt);
  const refused = connections.filter(({ foreign, received }) => foreign && received.length > 0);
  return [
    { what: 'a token expires', bit: expired.length },
    { what: 'a foreign position is answered', bit: refused.length },
  ];
}

/** Measures how long it takes until subscribers see a lone command. */
async function probe(performer: Performer, clocks: readonly Subscriber[], name: string): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (let index = 0; index < probeCount; index++) {
    const command = { type: 'add', order: 0, asStaff: true, product: 0, quantity: 1 } as const;
    const position = await performer.perform(command, `${name}-probe-${index}`);
    const done = Date.now();
    if (position === undefined) throw new Error('a lone command was rejected');
    const [row = 0, event = 0] = await Promise.all(clocks.map(async one => (await seen(one, position, done)) - done));
    probes.push({ row, event });
  }
  return probes;
}

/** When a subscriber reached a position, ms since the epoch; it waits at most 5 s. */
async function seen({ connections }: Subscriber, position: string, from: number): Promise<number> {
  for (;;) {
    const frame = connections.flatMap(({ received }) => received.slice(-20)).find(one => one.position >= position);
    if (frame) return frame.at;
    if (Date.now() > from + 5_000) return Date.now();
    await sleep(5);
  }
}
