// tsx test/checker/planted-faults.ts [name…]: checks that the checker finds each fault of planted/ within three
// seeds.
import { openServers } from '../support/servers.ts';
import { onFreshDatabase } from './on-fresh-database.ts';
import { onPlantedCopy } from './planted-copy.ts';
import { plantedFaults } from './planted/all.ts';
import type { PlantedFault } from './planted/planted-fault.ts';
import { planOf } from './plan.ts';
import { run } from './run.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const seeds = [1, 2, 3];
const names = process.argv.slice(2);
const faults = plantedFaults.filter(({ name }) => names.length === 0 || names.includes(name));
if (faults.length < names.length)
  throw new Error(`the planted faults are: ${plantedFaults.map(({ name }) => name).join(', ')}`);

const servers = await openServers(`planted_${process.pid}`);
// Without this run, a finding might come from the checker itself.
if (names.length === 0 && (await verdict({ name: 'nothing', edits: [] }, 1)).outcome !== 'green') fail('nothing');
for (const fault of faults) if (!(await isFound(fault))) fail(fault.name);
await servers.close();

async function isFound(fault: PlantedFault): Promise<boolean> {
  for (const seed of seeds) if ((await verdict(fault, seed)).outcome === 'broken') return true;
  return false;
}

async function verdict({ name, edits }: PlantedFault, seed: number): Promise<Verdict> {
  const result = await onPlantedCopy(edits, folder =>
    onFreshDatabase(servers, `seed_${seed}`, async database =>
      verdictOf(await run(planOf(seed, { repeats: 1, length: 120 }), { database, subscribers: 38, folder }), 0),
    ),
  );
  console.log(`${name}, seed ${seed}: ${result.outcome}\n  ${result.lines.slice(0, 8).join('\n  ')}`);
  return result;
}

function fail(name: string): void {
  console.log(`FAILED: ${name}`);
  process.exitCode = 1;
}
