import type { Operation, Request } from './execution.ts';
import { type Connection, createOutbox, later, type Outbox } from './network.ts';
import type { Viewer } from './nodes.ts';
import type { ServerCore } from './server-core.ts';

const forbidden = 4403;
const unauthorized = 4401;
const lost = 1006;

type Listener = (event: object) => void;

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: Request & { readonly Authorization?: unknown; readonly authorization?: unknown };
}

/** A `WebSocket` class whose sockets end in the scripted server, with the protocol graphql-transport-ws. */
export function createWebSocketClass(core: ServerCore): typeof WebSocket {
  return class extends ScriptedSocket {
    constructor(url: string | URL) {
      super(core, String(url));
    }
  } as unknown as typeof WebSocket;
}

class ScriptedSocket implements Connection {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly protocol = 'graphql-transport-ws';
  readonly extensions = '';
  readonly bufferedAmount = 0;
  binaryType = 'blob';
  readyState: 0 | 1 | 2 | 3 = 0;
  onopen: Listener | null = null;
  onmessage: Listener | null = null;
  onerror: Listener | null = null;
  onclose: Listener | null = null;
  readonly url: string;
  readonly #core: ServerCore;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #outbox: Outbox = createOutbox();
  readonly #subscriptions = new Map<string, () => void>();
  #viewer: Viewer | undefined;
  #isSilent = false;

  constructor(core: ServerCore, url: string) {
    this.#core = core;
    this.url = url;
    core.network.connections.add(this);
    this.#outbox.add(core.network.delays.socket, () => {
      if (this.readyState !== this.CONNECTING) return;
      if (core.network.isOffline) return this.cut();
      this.readyState = this.OPEN;
      this.#tell('open', {});
    });
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  send(text: string): void {
    if (this.readyState === this.CONNECTING) throw new Error('The socket is still connecting.');
    later(0, () => {
      if (this.readyState === this.OPEN && !this.#isSilent) this.#receive(JSON.parse(text) as Message);
    });
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState >= this.CLOSING) return;
    this.readyState = this.CLOSING;
    this.#leave();
    // The other side of a silent connection never confirms that it is closed.
    if (!this.#isSilent) later(0, () => this.#closed(code, reason, true));
  }

  cut(): void {
    if (this.readyState === this.CLOSED) return;
    this.#leave();
    this.#tell('error', {});
    this.#closed(lost, '', false);
  }

  silence(): void {
    this.#isSilent = true;
    this.#leave();
  }

  expire(): void {
    this.#closeByServer(forbidden, 'Forbidden');
  }

  #closeByServer(code: number, reason: string): void {
    if (this.readyState >= this.CLOSING) return;
    this.readyState = this.CLOSING;
    this.#leave();
    later(0, () => this.#closed(code, reason, true));
  }

  #closed(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#tell('close', { code, reason, wasClean });
  }

  /** Nothing more is sent, and the network no longer knows this socket. */
  #leave(): void {
    this.#core.network.connections.delete(this);
    this.#outbox.close();
    for (const end of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
  }

  #tell(type: 'open' | 'message' | 'error' | 'close', fields: object): void {
    const event = { type, target: this, currentTarget: this, ...fields };
    this[`on${type}`]?.(event);
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event);
  }

  #say(message: object): void {
    const data = JSON.stringify(message);
    this.#outbox.add(this.#core.network.delays.socket, () => this.#tell('message', { data }));
  }

  #receive({ type, id = '', payload }: Message): void {
    switch (type) {
      case 'connection_init':
        this.#viewer = this.#core.tokens.viewer(payload?.Authorization ?? payload?.authorization);
        if (this.#viewer) this.#say({ type: 'connection_ack' });
        else this.#closeByServer(forbidden, 'Forbidden');
        return;
      case 'ping':
        return this.#say({ type: 'pong', ...(payload && { payload }) });
      case 'complete':
        this.#subscriptions.get(id)?.();
        this.#subscriptions.delete(id);
        return;
      case 'subscribe':
        if (this.#viewer) this.#operate(id, payload ?? {}, this.#viewer);
        else this.#closeByServer(unauthorized, 'Unauthorized');
    }
  }

  #operate(id: string, request: Request, viewer: Viewer): void {
    const operation = this.#core.receive(request, viewer, 'socket');
    const answer = 'errors' in operation ? operation : this.#answer(id, operation, viewer, request);
    if (answer === undefined) return;
    if ('status' in answer) {
      this.#say({ id, type: 'error', payload: answer.errors.map(error => error.toJSON()) });
      return;
    }
    this.#say({ id, type: 'next', payload: answer });
    this.#say({ id, type: 'complete' });
  }

  /** @returns the only answer; undefined if a subscription was opened */
  #answer(id: string, operation: Operation, viewer: Viewer, request: Request) {
    if (operation.kind !== 'subscription')
      return this.#core.execute(operation, viewer, request.extensions?.['atLeast']);
    const opened = this.#core.subscribe(operation, viewer, answer => this.#say({ id, type: 'next', payload: answer }));
    if (typeof opened !== 'function') return opened;
    this.#subscriptions.set(id, opened);
    return undefined;
  }
}
