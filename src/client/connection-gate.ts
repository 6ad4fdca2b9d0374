/** Whether connections may be opened: while it is shut, each one waits. */
export interface ConnectionGate {
  readonly isShut: boolean;
  readonly shut: () => void;
  readonly open: () => void;
  /** Resolves as soon as it is open. */
  passed(): Promise<void>;
}

export function createConnectionGate(): ConnectionGate {
  let opening: Promise<void> | undefined;
  let open: () => void = () => undefined;
  return {
    get isShut() {
      return opening !== undefined;
    },
    shut() {
      opening ??= new Promise(resolve => (open = resolve));
    },
    open() {
      opening = undefined;
      open();
    },
    async passed() {
      // It may have been shut again before this went on.
      while (opening) await opening;
    },
  };
}
