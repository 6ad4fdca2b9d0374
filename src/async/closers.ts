export interface Closers {
  /** Registers the closer of a part that was just opened. */
  push(close: () => void | Promise<void>): void;
  /**
   * Closes all parts, the last opened first, one after another. If one fails, the others are closed all the same. A
   * second call waits for the first.
   * @throws the first error, after all are closed
   */
  release(): Promise<void>;
}

/** The open parts in the order in which they were opened: a part may use those below it until it is closed itself. */
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
      // Otherwise it would stay open for ever.
      if (released !== undefined) throw new Error('A part was opened after everything was closed');
      stack.push(close);
    },
    release: () => (released ??= closeAll()),
  };
}
