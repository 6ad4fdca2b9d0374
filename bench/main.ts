// npm run bench -- [name…] [--quick | --full] [--save]: see docs/benchmarks.md
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Closers, openClosers } from '../src/async/closers.ts';
import { StartError } from '../src/start-error.ts';
import type { Bench, Findings } from './bench.ts';
import { commands } from './commands/commands.ts';
import { checkServer } from './databases.ts';
import { fanout } from './fanout/fanout.ts';
import { frames } from './frames/frames.ts';
import { lists } from './lists/lists.ts';
import { hotOrder } from './hot-order/hot-order.ts';
import { logSizes } from './log-sizes/log-sizes.ts';
import { describeMachine, linesOf, type Machine } from './machine.ts';
import { projections } from './projections/projections.ts';
import { queries } from './queries/queries.ts';
import { full, quick, type Scale, usual } from './scale.ts';

const benches: Readonly<Record<string, Bench>> = {
  commands,
  fanout,
  frames,
  'hot-order': hotOrder,
  lists,
  'log-sizes': logSizes,
  projections,
  queries,
};
const results = new URL('./results/', import.meta.url);

let open: Closers = openClosers();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // If a run is interrupted, it still drops its databases and ends its processes.
  process.once(signal, () => void open.release().finally(() => process.exit(130)));
}

try {
  const { names, scale, save } = readArguments();
  const adminUrl = process.env['BENCH_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  await checkServer(adminUrl);
  for (const name of names) await perform(name, adminUrl, scale, save);
} catch (error) {
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}

function readArguments(): { names: readonly string[]; scale: Scale; save: boolean } {
  const all = Object.keys(benches);
  const options = { quick: { type: 'boolean' }, full: { type: 'boolean' }, save: { type: 'boolean' } } as const;
  // Not strict, because parseArgs reports errors with a stack.
  const { values, positionals } = parseArgs({ allowPositionals: true, strict: false, options });
  const unknown = [
    ...positionals.filter(name => !all.includes(name)),
    ...Object.keys(values).filter(flag => !(flag in options)),
  ];
  if (unknown.length > 0) {
    throw new StartError(`no ${unknown.join(', ')}: take ${all.join(', ')}, --quick or --full, --save`);
  }
  return {
    names: positionals.length > 0 ? positionals : all,
    scale: values.quick ? quick : values.full ? full : usual,
    save: values.save === true,
  };
}

async function perform(name: string, adminUrl: string, scale: Scale, save: boolean): Promise<void> {
  const bench = benches[name];
  if (!bench) throw new Error(`no bench ${name}`);
  const machine = await describeMachine(adminUrl);
  console.log(`\n── ${name}${scale === quick ? ', quick: its figures mean nothing' : ''} ──`);
  for (const line of linesOf(machine)) console.log(line);
  open = openClosers();
  let findings: Findings;
  try {
    findings = await bench({ adminUrl, scale, closers: open, say: line => console.log(line) });
  } finally {
    await open.release();
  }
  for (const { name: bar, seen, held } of findings.bars)
    console.log(`${held ? 'held    ' : 'not held'} ${bar}: ${seen}`);
  if (save) await saveFindings(name, scale, machine, findings);
}

async function saveFindings(name: string, scale: Scale, machine: Machine, findings: Findings): Promise<void> {
  await mkdir(results, { recursive: true });
  const file = new URL(`${name}-${machine.when.replaceAll(':', '')}.json`, results);
  await writeFile(file, `${JSON.stringify({ bench: name, scale, machine, ...findings }, undefined, 2)}\n`);
  console.log(`saved ${file.pathname}`);
}
