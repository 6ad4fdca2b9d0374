import type { Bench } from '../bench.ts';
import { commandsOverHttp } from './over-http.ts';
import { eventsAtTheLog } from './at-the-log.ts';

/** How many commands a second are stored for good, over HTTP and at the event store's own door. */
export const commands: Bench = async run => {
  const overHttp = await commandsOverHttp(run);
  const atTheLog = await eventsAtTheLog(run);
  return {
    figures: { overHttp: overHttp.figures, atTheLog: atTheLog.figures },
    bars: [...overHttp.bars, ...atTheLog.bars],
  };
};
