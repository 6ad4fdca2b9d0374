// tsx test/rebuild/main.ts [--events N]: a rebuild under traffic, at the length of a proof.
import { parseArgs } from 'node:util';
import { onFreshDatabase } from '../checker/on-fresh-database.ts';
import { openServers } from '../support/servers.ts';
import { run } from './run.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const events = Number(values.events);
if (!Number.isSafeInteger(events) || events < 1) throw new Error(`--events ${values.events} is not a number of events`);

const servers = await openServers(`proof_${process.pid}`);
const { faults } = await onFreshDatabase(servers, 'rebuild', url => run(url, events, line => console.log(line)));
await servers.close();
for (const fault of faults.slice(0, 20)) console.log(`BROKEN: ${fault}`);
console.log(faults.length === 0 ? 'green' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
