// tsx test/checker/main.ts: the checker at the length of a proof. CHECKER_SEED repeats the commands and faults of a
// run.
import { openServers } from '../support/servers.ts';
import { onFreshDatabase } from './on-fresh-database.ts';
import { planOf } from './plan.ts';
import { run } from './run.ts';
import { verdictOf } from './verdict.ts';

const seed = Number(process.env['CHECKER_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const length = { repeats: 3, length: 350 };
const subscribers = 198; // plus the two that time the lone commands
const updates = 100_000;

console.log(`CHECKER_SEED=${seed}`);
const servers = await openServers(`proof_${process.pid}`);
const { outcome, lines } = await onFreshDatabase(servers, 'checker', async database =>
  verdictOf(await run(planOf(seed, length), { database, subscribers }), updates),
);
await servers.close();
console.log(`${lines.join('\n')}\n${outcome}`);
// Exits explicitly: after a thousand clients Node once never ended by itself, with a core 100 % busy.
process.exit(outcome === 'green' ? 0 : 1);
