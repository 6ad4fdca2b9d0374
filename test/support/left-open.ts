interface Open {
  readonly what: string;
  /** May answer a promise. */
  readonly close: () => unknown;
}

/** What the tests of this file have opened and not closed. */
export const leftOpen = new Set<Open>();

/** Notes what must be closed before the test that opened it ends, or the file where a hook opened it. */
export function noteOpen(what: string, close: () => unknown): { readonly closed: () => void } {
  const note = { what, close };
  leftOpen.add(note);
  return { closed: () => void leftOpen.delete(note) };
}
