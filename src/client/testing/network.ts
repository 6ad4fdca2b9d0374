/** How long answers take, ms. `Infinity`: they never arrive. */
export interface Delays {
  /** Of each HTTP answer, after its operation was executed. */
  readonly http?: number;
  /** Of each message of a socket, and of each frame of a stream. */
  readonly socket?: number;
}

/** An open connection: a socket, a stream, or a request in flight. */
export interface Connection {
  /** The connection is lost, and both sides notice it. */
  cut(): void;
  /** The connection is lost, and no side notices it. */
  silence(): void;
  /** The token of its client has expired. */
  expire?(): void;
}

/** What lies between the clients and the scripted server. */
export interface Network {
  readonly delays: Required<Delays>;
  readonly isOffline: boolean;
  readonly connections: Set<Connection>;
  readonly delay: (delays: Delays) => void;
  readonly cut: () => void;
  readonly silence: () => void;
  readonly offline: (isOffline: boolean) => void;
  readonly expire: () => void;
}

export function createNetwork(): Network {
  const connections = new Set<Connection>();
  let delays: Required<Delays> = { http: 0, socket: 0 };
  let isOffline = false;

  const each = (act: (connection: Connection) => void) => {
    for (const one of [...connections]) act(one);
  };
  const cut = () => each(one => one.cut());
  return {
    connections,
    get delays() {
      return delays;
    },
    get isOffline() {
      return isOffline;
    },
    delay: others => void (delays = { ...delays, ...others }),
    cut,
    silence: () => each(one => one.silence()),
    offline(value) {
      if (value === isOffline) return;
      isOffline = value;
      announce(value);
      if (value) cut();
    },
    expire: () => each(one => one.expire?.()),
  };
}

/** Tells the page, as a browser does. */
function announce(isOffline: boolean): void {
  const page = globalThis as { navigator?: object; dispatchEvent?: (event: Event) => boolean };
  if (page.navigator && isOffline)
    Object.defineProperty(page.navigator, 'onLine', { value: false, configurable: true });
  else if (page.navigator) Reflect.deleteProperty(page.navigator, 'onLine');
  page.dispatchEvent?.(new Event(isOffline ? 'offline' : 'online'));
}

/** Sends in order, each after its delay. */
export interface Outbox {
  /** @param deliver is called after this time, and after all that was added before */
  add(delayMs: number, deliver: () => void): void;
  /** Drops all that was not delivered, and all that is added later. */
  close(): void;
}

export function createOutbox(): Outbox {
  const waiting: { isDue: boolean; readonly deliver: () => void }[] = [];
  let isClosed = false;
  return {
    add(delayMs, deliver) {
      if (isClosed) return;
      const one = { isDue: false, deliver };
      waiting.push(one);
      later(delayMs, () => {
        one.isDue = true;
        while (waiting[0]?.isDue) waiting.shift()?.deliver();
      });
    },
    close() {
      isClosed = true;
      waiting.splice(0);
    },
  };
}

/** Without a delay it needs no timer, so that it also works while a test has stopped the clock. */
export function later(delayMs: number, act: () => void): void {
  if (delayMs === 0) void Promise.resolve().then(act);
  else if (delayMs !== Infinity) setTimeout(act, delayMs);
}
