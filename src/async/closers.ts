export interface Closers {
  /** Registers the close function of a part that was just opened. */
  push(close: () => void | Promise<void>): void;
  /**
   * Closes all parts one after another, the last opened first. If one fails, the others are still closed. A second
   * call waits for the first.
   * @throws the first error, after all parts are closed
   */
  release(): Promise<void>;
}

/** Collects the close functions of the open parts. A part may use those opened before it until it is closed itself. */
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
      // Otherwise the part would never be closed.
      if (released !== undefined) throw new Error('A part was opened after everything was closed');
      stack.push(close);
    },
    release: () => (released ??= closeAll()),
  };
}
