import type { Bench } from '../bench.ts';
import { commandsOverHttp } from './over-http.ts';
import { eventsAtTheLog } from './at-the-log.ts';

/** Durable commands a second, over HTTP and directly at the event store. */
export const commands: Bench = async run => {
  const overHttp = await commandsOverHttp(run);
  const atTheLog = await eventsAtTheLog(run);
  return {
    figures: { overHttp: overHttp.figures, atTheLog: atTheLog.figures },
    bars: [...overHttp.bars, ...atTheLog.bars],
  };
};
