import { expect, test } from 'vitest';
import { soak } from '../slow-readers/soak.ts';
import { freshDatabase } from '../support/postgres.ts';

// `npm run proof -- slow-readers` is the long form, which also compares the latency of the other sockets.
test('with three of five sockets stopped, the others get each state, memory is bounded, and a socket that reads again gets the last state', async () => {
  const database = await freshDatabase();
  const shape = { readers: 20, stopped: 30, runs: 1, changesARun: 20, soakChanges: 380, soakSeconds: 0 };
  const { memoryBefore, mostMemory, skipped } = await soak({ ...shape, databaseUrl: database.url });
  await database.drop();
  // The system buffers about 130 frames of 50 KB for each socket; the other 270, if the server kept them, would be
  // 400 MB. A good part of the resident memory is garbage if other processes use the machine: 140 MB were seen.
  console.log(`memory while three of five sockets are stopped: ${Math.round(mostMemory - memoryBefore)} MB more`);
  expect(mostMemory - memoryBefore).toBeLessThan(200);
  expect(skipped).toBeGreaterThan(0);
});
