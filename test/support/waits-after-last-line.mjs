// node --import waits-after-last-line.mjs: when this process ends, it writes a JSON list into the file WAITS_FILE:
// the timers (ms) that kept it alive after its last printed line, because they fired after it and were not unref'd.
import { createHook } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';

const timers = new Map();
let fired = [];

createHook({
  init: (id, type, _trigger, timer) => {
    if (type === 'Timeout') timers.set(id, timer);
  },
  before: id => {
    const timer = timers.get(id);
    if (timer?.hasRef()) fired.push(timer._idleTimeout);
  },
}).enable();

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = (...given) => {
    fired = [];
    return write(...given);
  };
}
process.on('exit', () => writeFileSync(process.env.WAITS_FILE, JSON.stringify(fired)));
