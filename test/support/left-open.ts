interface Open {
  readonly what: string;
  /** May return a promise. */
  readonly close: () => unknown;
}

/** What the tests of this file have opened and not closed. */
export const leftOpen = new Set<Open>();

/** Registers what must be closed before the end of the test that opened it, or of the file if a hook opened it. */
export function noteOpen(what: string, close: () => unknown): { readonly closed: () => void } {
  const note = { what, close };
  leftOpen.add(note);
  return { closed: () => void leftOpen.delete(note) };
}
