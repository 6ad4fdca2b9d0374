// A process that locks a data directory and keeps it, so that tests can kill it. With a time, it starts at that time,
// to race others.
import { lockDataDirectory } from '../../src/database/data-directory.ts';

const [path = '', time = '0'] = process.argv.slice(2);
await new Promise(resolve => setTimeout(resolve, Number(time) - Date.now()));
try {
  await lockDataDirectory(path);
  console.log(`${process.pid} has it`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.log(`${process.pid} refused: ${(error as Error).message}`);
}
