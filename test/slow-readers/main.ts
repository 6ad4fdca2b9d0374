// tsx test/slow-readers/main.ts [--minutes 10]: 5 % of 400 sockets stop reading; see docs/proof.md.
import { parseArgs } from 'node:util';
import { median } from '../../bench/statistics.ts';
import { onFreshDatabase } from '../checker/on-fresh-database.ts';
import { openServers } from '../support/servers.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const shape = {
  readers: 380,
  stopped: 20,
  runs: 5,
  changesARun: 400,
  soakChanges: 0,
  soakSeconds: Number(values.minutes) * 60,
};
const servers = await openServers(`slow_${process.pid}`);
const findings = await onFreshDatabase(servers, 'slow_readers', databaseUrl => soak({ ...shape, databaseUrl }));
await servers.close();

const { allReading, someStopped, memoryBefore, mostMemory, sentAway, skipped, changes } = findings;
const ratio = median(someStopped) / median(allReading);
const figures = (all: readonly number[]): string => all.map(one => one.toFixed(1)).join(', ');
console.log(`${changes} changes, ${sentAway} sockets closed, ${skipped} frames skipped for sockets that did not read`);
console.log(`p99 of the others: all read ${figures(allReading)} ms; 5 % stopped ${figures(someStopped)} ms`);
console.log(`${ratio.toFixed(2)} times by the medians, at most 1.3 allowed`);
console.log(`memory: ${memoryBefore.toFixed(0)} MB, at most ${mostMemory.toFixed(0)} MB; 150 MB more allowed`);
process.exitCode = ratio <= 1.3 && mostMemory - memoryBefore <= 150 && skipped > 0 ? 0 : 1;
