/** Reads that several ask for at the same moment, each done once. */
export interface SharedReads {
  /**
   * @param key what is read, from where: whoever asks under the same key before the read begins gets its very answer.
   *   One that has begun may have passed by what the next one was just told of, and is never joined.
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
        // After all who were woken by the same news.
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
