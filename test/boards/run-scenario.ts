import { setTimeout as sleep } from 'node:timers/promises';
import { asked } from './commands.ts';
import type { Length, Scenario } from './scenarios.ts';
import { openStage, type Recovery, type Stage, type StageOptions } from './stage.ts';

/** What one scenario showed on one board; lists have a line for each finding. */
export interface Outcome {
  readonly scenario: string;
  readonly board: string;
  readonly rate: number;
  readonly falls: readonly string[];
  /** Differences between the board and the server, when nothing changed any more. */
  readonly wrong: readonly string[];
  readonly doubles: readonly string[];
  /** Frames, answers and cards of a viewer who was not signed in. */
  readonly foreign: readonly string[];
  readonly failures: readonly string[];
  readonly recoveries: readonly Recovery[];
  /** Queries that were sent again although nothing failed. */
  readonly repeated: readonly string[];
  readonly queries: number;
  /** Errors that the server answered; during faults they are no mistake of the board. */
  readonly errors: readonly string[];
  readonly frames: number;
  /** Commands of other people that were stored. */
  readonly commands: number;
}

/** Time in which orders change before the fault, ms. */
const beforeMs = 800;
/** Longest time until a board is right when nothing changes any more, ms; the short form is only guarded. */
const restMs = { proof: 10_000, short: 60_000 };

export async function runScenario(scenario: Scenario, length: Length, options: StageOptions): Promise<Outcome> {
  const stage = await openStage({ ...options, tokenSeconds: scenario.tokenSeconds?.[length] });
  try {
    await sleep(beforeMs);
    await scenario.disturb(stage, length);
    const wrong = await stage.rest(restMs[length]);
    return await outcomeOf(stage, scenario, options, wrong);
  } finally {
    await stage.close();
  }
}

async function outcomeOf(
  stage: Stage,
  { name, undisturbed }: Scenario,
  { board, rate }: StageOptions,
  wrong: readonly string[],
): Promise<Outcome> {
  const judges = stage.tabs.all.map(({ judge }) => judge);
  const sum = (of: (judge: (typeof judges)[number]) => number) => judges.reduce((total, one) => total + of(one), 0);
  const repeated = judges.flatMap(one => [...one.repeated].map(([key, count]) => `${count} times ${key}`));
  return {
    scenario: name,
    board: board.name,
    rate,
    falls: judges.flatMap(({ findings }) => findings.falls),
    wrong,
    doubles: judges.flatMap(({ findings }) => findings.doubles),
    foreign: [...judges.flatMap(({ findings }) => findings.foreign), ...(await foreignCards(stage))],
    failures: judges.flatMap(({ findings }) => findings.failures),
    recoveries: stage.recoveries,
    repeated: undisturbed ? repeated : [],
    errors: judges.flatMap(({ errors }) => errors),
    queries: sum(one => one.queries),
    frames: sum(one => one.frames),
    commands: stage.traffic.accepted,
  };
}

/** Orders that a customer saw and that are not theirs. */
async function foreignCards({ tab, viewer, world }: Stage): Promise<string[]> {
  if (viewer === 'staff') return [];
  const ids = [...tab.judge.seen];
  const { nodes } = await asked<{ nodes: readonly ({ id: string; customer: { id: string } } | null)[] }>(
    () => world.url,
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { id customer { id } } } }',
    { ids },
  );
  return nodes.filter(order => order?.customer.id !== viewer).map(order => `a card of ${order?.id}`);
}

/** What is wrong with an outcome. @param timed whether the time to recover counts too */
export function complaints(outcome: Outcome, timed: boolean): string[] {
  const { scenario, board, rate, recoveries, frames, commands } = outcome;
  const kinds = ['falls', 'wrong', 'doubles', 'foreign', 'failures', 'repeated'] as const;
  const late = recoveries.filter(({ ms, barMs }) => (timed ? ms > barMs : ms === Infinity));
  const found = [
    ...kinds.flatMap(kind => outcome[kind].map(line => `${kind}: ${line}`)),
    ...late.map(({ ms, barMs }) => `recovered after ${ms} ms, at most ${barMs} allowed`),
    // Otherwise the scenario showed nothing.
    ...(frames === 0 || commands === 0 ? [`${commands} commands, ${frames} frames`] : []),
  ];
  return found.map(line => `${scenario}, ${board}, ${rate}/s: ${line}`);
}
