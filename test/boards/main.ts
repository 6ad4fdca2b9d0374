// tsx test/boards/main.ts [--only PART] [--board NAME] [--scenario NAME] [--rate 5] [--minutes 10] [--planted]: the
// example boards in Chromium through faults; see docs/proof.md. PART is scenarios, queue or memory.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { launchChromium } from '../support/chromium.ts';
import { compileProgram } from '../support/program.ts';
import { openServers } from '../support/servers.ts';
import { boardNames, buildBoards, observerScript } from './build-board.ts';
import { complainAboutMemory, type MemoryOutcome, measureMemory } from './memory.ts';
import { type QueueOutcome, runOfflineQueue } from './offline-queue.ts';
import { type PlantedFault, plantedFaults } from './planted.ts';
import { memoryLine, queueLine, tableOf } from './report.ts';
import { complaints, type Outcome, runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';
import { openWorld } from './world.ts';

const reportFile = 'proof/boards.md';
const queuedOrders = 34; // each gets three commands

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    board: { type: 'string' },
    scenario: { type: 'string', default: '' },
    rate: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    planted: { type: 'boolean', default: false },
  },
});
const names = boardNames.filter(name => values.board === undefined || name.includes(values.board));
const rates = values.rate === undefined ? [5, 20] : [Number(values.rate)];
const wants = (part: string) => values.only === undefined || values.only === part;

const removeProgram = await compileProgram();
const servers = await openServers(`boards_${process.pid}`);
const { redisUrl } = servers;
if (redisUrl === null) throw new Error('this proof needs redis-server on PATH, or TEST_REDIS_URL');
const browser = await launchChromium();
const observer = await observerScript();

const report: string[] = [];
const wrong: string[] = [];
if (values.planted) {
  for (const fault of plantedFaults) await plant(fault);
} else {
  if (wants('scenarios')) await runScenarios();
  if (wants('queue')) await runQueues();
  if (wants('memory')) await runMemory();
}
report.push('', ...wrong.map(line => `- BROKEN: ${line}`), wrong.length === 0 ? 'green' : `${wrong.length} findings`);
await writeFile(reportFile, `${report.join('\n')}\n`);
await browser.close();
await servers.close();
await removeProgram();
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Uses each board, with a node and a database of its own; the boards run at the same time. */
async function onEachBoard<Result>(
  use: (on: Omit<Parameters<typeof runScenario>[2], 'rate'>) => Promise<Result>,
  edits: PlantedFault['edits'] = [],
): Promise<Result[]> {
  const boards = await buildBoards(names, edits);
  const results = await Promise.all(
    boards.map(async board => {
      const { adminUrl, template } = servers.postgres;
      const world = await openWorld({ adminUrl, template, redisUrl: redisUrl! }, board.name.replace('board-', ''));
      return use({ browser, observer, board, world }).finally(() => world.close());
    }),
  );
  for (const board of boards) await board.remove();
  return results;
}

async function runScenarios(): Promise<void> {
  const chosen = scenarios.filter(({ name }) => name.includes(values.scenario));
  const outcomes: Outcome[] = [];
  await onEachBoard(async on => {
    for (const rate of rates) {
      for (const scenario of chosen) {
        const outcome = await runScenario(scenario, 'proof', { ...on, rate });
        outcomes.push(outcome);
        say(complaints(outcome, true), tableOf([outcome]).split('\n').at(-1)!);
      }
    }
  });
  report.push(tableOf(outcomes));
}

async function runQueues(): Promise<void> {
  const outcomes: QueueOutcome[] = await onEachBoard(on => runOfflineQueue(on, queuedOrders));
  for (const outcome of outcomes) {
    report.push('', queueLine(outcome));
    say(outcome.wrong, queueLine(outcome));
  }
}

async function runMemory(): Promise<void> {
  const minutes = Number(values.minutes);
  const outcomes: MemoryOutcome[] = await onEachBoard(on => measureMemory({ ...on, rate: 5 }, minutes));
  for (const outcome of outcomes) {
    report.push('', memoryLine(outcome));
    say(complainAboutMemory(outcome), memoryLine(outcome));
  }
}

/** Without its finding the harness would be blind to the fault. */
async function plant({ name, edits, scenario, shows }: PlantedFault): Promise<void> {
  const chosen = scenarios.find(one => one.name === scenario)!;
  const outcomes = await onEachBoard(on => runScenario(chosen, 'proof', { ...on, rate: 20 }), edits);
  for (const outcome of outcomes) {
    const line = `planted "${name}", ${outcome.board}: ${outcome[shows].length} ${shows}`;
    report.push(line);
    say(outcome[shows].length > 0 ? [] : [`${line}: not found`], line);
  }
}

function say(found: readonly string[], line: string): void {
  wrong.push(...found);
  console.log([line, ...found.map(one => `  BROKEN: ${one}`)].join('\n'));
}
