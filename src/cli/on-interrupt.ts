/** npm passes Ctrl-C on to a process that the terminal has told already: two within this time, ms, are one. */
const oneRequest = 500;

/**
 * Ctrl-C, SIGTERM or an output that nobody reads asks whoever holds the signal to come to an end; a second Ctrl-C ends
 * the process at once.
 * @returns `signal` aborts at the first one
 */
export function onInterrupt(): AbortController {
  const asked = new AbortController();
  let at = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (!asked.signal.aborted) {
        at = performance.now();
        asked.abort();
      } else if (performance.now() - at > oneRequest) process.exit(130);
    });
  }
  // Nobody reads along any more (`| head`): as good as Ctrl-C, and unheard it would end the process with a stack.
  process.stdout.on('error', () => {
    asked.abort();
  });
  return asked;
}
