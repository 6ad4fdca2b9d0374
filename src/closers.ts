export interface Closers {
  /** Adds what closes a part that was just opened. */
  push(close: () => void | Promise<void>): void;
  /**
   * Closes all, the last opened first, each after the one before it is done; one that fails keeps no other from closing.
   * A second call does nothing but wait for the first.
   * @throws the first error, after all are closed
   */
  release(): Promise<void>;
}

/** What is open, in the order it was opened: a part may use those below it until it is closed itself. */
export function openClosers(): Closers {
  const stack: (() => void | Promise<void>)[] = [];
  let released: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let close = stack.pop(); close !== undefined; close = stack.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  return {
    push(close) {
      // It would stay open for ever: nobody comes by again.
      if (released !== undefined) throw new Error('A part was opened after everything was closed');
      stack.push(close);
    },
    release: () => (released ??= closeAll()),
  };
}
