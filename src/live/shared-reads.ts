/** Reads that several callers request at the same moment, each executed once. */
export interface SharedReads {
  /**
   * @param key identifies the read and its parameters. Callers that use the same key before the read starts share its
   * result. A caller never joins a read that has started: that read may have missed the change that woke the caller.
   */
  once<Answer>(key: string, read: () => Promise<Answer>): Promise<Answer>;
}

export function openSharedReads(): SharedReads {
  const pending = new Map<string, Promise<unknown>>();
  return {
    once<Answer>(key: string, read: () => Promise<Answer>) {
      const joined = pending.get(key) as Promise<Answer> | undefined;
      if (joined) return joined;
      const answer = new Promise<Answer>((resolve, reject) => {
        // After all callers that were woken by the same change.
        setImmediate(() => {
          pending.delete(key);
          read().then(resolve, reject);
        });
      });
      pending.set(key, answer);
      return answer;
    },
  };
}
