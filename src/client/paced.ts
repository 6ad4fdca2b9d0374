/** A display shows about 60 frames a second: a page that is rendered more often only gets slower, ms. */
const frameMs = 16;

/**
 * Calls a listener at once, and then at most once a frame. After a long cut hundreds of changes arrive together; without
 * this each of them would be rendered.
 * @returns the paced listener, and a function that drops a call that is still to come
 */
export function paced(listener: () => void): { readonly notify: () => void; readonly stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let calledMs = -Infinity;

  function call(): void {
    timer = undefined;
    calledMs = performance.now();
    listener();
  }

  return {
    notify() {
      if (timer !== undefined) return;
      const waitMs = calledMs + frameMs - performance.now();
      if (waitMs <= 0) call();
      else timer = setTimeout(call, waitMs);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
