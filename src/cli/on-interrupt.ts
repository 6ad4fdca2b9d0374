/**
 * npm forwards Ctrl-C to a process that has received it from the terminal too: two within this time, ms, count as
 * one.
 */
const repeatMs = 500;

/**
 * Aborts a signal on Ctrl-C, on SIGTERM, or if the reader of the output has gone. A second Ctrl-C ends the process at
 * once.
 * @returns the controller; its `signal` aborts at the first of these events
 */
export function onInterrupt(): AbortController {
  const controller = new AbortController();
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now();
        controller.abort();
      } else if (performance.now() - firstAt > repeatMs) process.exit(130);
    });
  }
  // The output is not read any more (`| head`). Without this handler the error would end the process with a stack.
  process.stdout.on('error', () => {
    controller.abort();
  });
  return controller;
}
