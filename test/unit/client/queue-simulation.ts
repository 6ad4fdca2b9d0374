// Several tabs with one queue: tabs are killed between any two steps, the network fails, answers get lost after their
// commands were stored, viewers change. The model says afterwards what went wrong.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { vi } from 'vitest';
import { type CommandQueue, openCommandQueue, type QueueParts } from '../../../src/client/command-queue.ts';
import { type CommandStorage, openCommandStorage } from '../../../src/client/command-storage.ts';
import type { Data } from '../../../src/client/data.ts';
import { OperationError } from '../../../src/client/operation-error.ts';
import type { Operations } from '../../../src/client/operations.ts';
import { createOverlays } from '../../../src/client/overlays.ts';
import { createSeen } from '../../../src/client/seen.ts';
import type { Session } from '../../../src/client/session.ts';
import { createStore } from '../../../src/client/store.ts';

/** Faults of the queue that the model must find. */
export type Plant =
  | 'sent before stored'
  | 'removed before answered'
  | 'key made at sending'
  | 'lock not held'
  | 'token of another';

const orders = Array.from({ length: 3 }, (_, index) => `ord_00000000-0000-4000-8000-00000000000${index}`);
const viewers = ['STAFF ann', 'STAFF bob'];

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happened to one command. `label` is its reason, which nothing else uses. */
interface Fate {
  readonly viewer: string;
  readonly order: string;
  storedAs: number | undefined;
  isAdded: boolean;
  applied: number;
  isHandedBack: boolean;
  isDismissed: boolean;
}

class World {
  readonly plant: Plant | undefined;
  readonly random: () => number;
  readonly fates = new Map<string, Fate>();
  readonly wrong: string[] = [];
  readonly applied: { label: string; order: string }[] = [];
  readonly tabs = new Set<Tab>();
  readonly #results = new Map<string, Data>();
  readonly #held = new Map<string, Tab>();
  readonly #waiting: { name: string; tab: Tab; grant: () => void }[] = [];
  online = true;

  constructor(seed: number, plant: Plant | undefined) {
    this.plant = plant;
    this.random = randomFrom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** The server. A refusal is not stored: a repeat is decided again. */
  execute(viewer: string, input: Data): Data {
    const label = String(input['reason']);
    const key = `${viewer} ${String(input['idempotencyKey'])}`;
    const fate = this.fates.get(label)!;
    if (fate.viewer !== viewer) this.wrong.push(`${label} was sent with the token of ${viewer}`);
    const known = this.#results.get(key);
    if (known) return known;
    const order = String(input['orderId']);
    const version = this.applied.filter(one => one.order === order).length + 1;
    if ((version + Number(label.slice(1))) % 5 === 0)
      return { __typename: 'RejectedError', message: 'no', reason: 'ORDER_CANCELLED', path: [] };
    this.applied.push({ label, order });
    fate.applied++;
    const position = String(this.applied.length).padStart(6, '0');
    const result = { __typename: 'OrderCommandPayload', orderId: order, version, position, order: null };
    this.#results.set(key, result);
    return result;
  }

  request(tab: Tab, name: string, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        if (this.plant !== 'lock not held') this.#held.set(name, tab);
        act()
          .then(resolve, reject)
          .finally(() => {
            if (this.#held.get(name) === tab) this.release(name);
          });
      };
      signal.addEventListener('abort', () => {
        const index = this.#waiting.findIndex(waiter => waiter.grant === grant);
        if (index >= 0) this.#waiting.splice(index, 1);
        if (index >= 0) reject(new Error('aborted'));
      });
      if (this.#held.has(name)) this.#waiting.push({ name, tab, grant });
      else grant();
    });
  }

  release(name: string): void {
    this.#held.delete(name);
    const index = this.#waiting.findIndex(waiter => waiter.name === name && waiter.tab.isAlive);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.grant();
  }

  kill(tab: Tab): void {
    tab.isAlive = false;
    this.tabs.delete(tab);
    for (const [name, holder] of [...this.#held]) if (holder === tab) this.release(name);
  }
}

class Tab {
  isAlive = true;
  /** Number of further steps until the tab is killed. */
  stepsLeft = Infinity;
  /** Viewers for whom a request is under way. */
  readonly sending: string[] = [];
  viewer: string | undefined;
  /** The viewer of the token that `token` returns. */
  tokenOf: string;
  queue: CommandQueue | undefined;
  receive: ((data: unknown) => void) | undefined;
  readonly world: World;
  readonly session: Session;
  #controller = new AbortController();

  constructor(world: World, viewer: string) {
    this.world = world;
    this.tokenOf = viewer;
    world.tabs.add(this);
    const entities = { known: () => undefined, subscribe: () => () => undefined };
    const overlays = createOverlays(entities);
    this.session = this.#session(overlays);
  }

  #session(overlays: Session['overlays']): Session {
    const tab = this as Tab;
    const session = {
      url: 'http://shop/graphql',
      seen: createSeen(),
      overlays,
      connection: createStore({ status: 'idle', sinceMs: 0, behindEvents: 0 }),
      get viewer() {
        return tab.viewer;
      },
      get viewerSignal() {
        return tab.#controller.signal;
      },
      identify: () => tab.step(async () => tab.identify()),
    };
    return session as unknown as Session;
  }

  identify(): string {
    if (this.viewer !== undefined && this.viewer !== this.tokenOf && this.world.plant !== 'token of another')
      this.end();
    return (this.viewer ??= this.tokenOf);
  }

  /** The viewer signs out. */
  end(): void {
    const ended = this.#controller;
    this.#controller = new AbortController();
    this.viewer = undefined;
    this.session.overlays.clear();
    ended.abort();
  }

  /** The tab may be killed before and after each step. Then nothing of it runs any more. */
  async step<Result>(act: () => Promise<Result>): Promise<Result> {
    await this.#breathe();
    const result = await act().then(
      value => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    await this.#breathe();
    return result();
  }

  async #breathe(): Promise<void> {
    if (this.isAlive && this.stepsLeft-- <= 0) this.world.kill(this);
    if (!this.isAlive) await new Promise(() => undefined);
  }

  get operations(): Operations {
    return {
      session: this.session,
      mutate: (_, { input }) => this.step(() => this.#mutate(input as Data)),
      query: () => this.step(async () => ({})),
      subscribe: () => () => undefined,
    };
  }

  async #mutate(given: Data): Promise<Data> {
    const { world, session } = this;
    const { viewerSignal } = session;
    const viewer = this.tokenOf;
    const label = String(given['reason']);
    const fate = world.fates.get(label)!;
    if (fate.storedAs === undefined) world.wrong.push(`${label} was sent before it was stored`);
    const others = [...world.tabs].filter(tab => tab !== this && tab.sending.includes(viewer));
    if (others.length > 0) world.wrong.push(`two tabs send for ${viewer}`);
    if (world.plant === 'removed before answered') await this.storage?.remove(fate.storedAs!);
    const input = world.plant === 'key made at sending' ? { ...given, idempotencyKey: `${world.random()}` } : given;
    this.sending.push(viewer);
    try {
      const failure = world.online ? world.below(10) : 0;
      if (failure === 0) throw new OperationError('NETWORK', 'The request got lost.');
      const result = world.execute(viewer, input);
      await new Promise(resolve => setTimeout(resolve, world.below(200)));
      if (failure === 1) throw new OperationError('NETWORK', 'The answer got lost.');
      if (failure === 2) throw new OperationError('OUTCOME_UNKNOWN', 'The node lost its database.');
      if (viewerSignal.aborted) throw new OperationError('SIGNED_OUT', 'The viewer signed out.');
      return { cancelOrder: result };
    } finally {
      this.sending.splice(this.sending.indexOf(viewer), 1);
    }
  }

  storage: CommandStorage | undefined;

  async open(name: string): Promise<void> {
    const { world } = this;
    const storage = await openCommandStorage(name);
    this.storage = storage;
    const volatile: Awaited<ReturnType<CommandStorage['list']>> = [];
    const parts: QueueParts = {
      name,
      storage: {
        add: command =>
          this.step(async () => {
            const fate = world.fates.get(String(command.input['reason']))!;
            if (world.plant === 'sent before stored') {
              const row = { ...command, id: 1_000_000 + world.below(1_000_000) };
              volatile.push(row);
              return row.id;
            }
            const id = await storage.add(command);
            fate.storedAs = id;
            return id;
          }),
        list: viewer =>
          this.step(async () => [...(await storage.list(viewer)), ...volatile.filter(row => row.viewer === viewer)]),
        refuse: (id, error) => this.step(() => storage.refuse(id, error)),
        remove: id => this.step(() => storage.remove(id)),
        close: () => storage.close(),
      },
      locks: {
        request: ((lock: string, { signal }: { signal: AbortSignal }, act: () => Promise<void>) =>
          world.request(this, lock, signal, act)) as LockManager['request'],
      },
      channel: {
        postMessage: (data: unknown) => {
          if (!this.isAlive) return;
          for (const tab of world.tabs) if (tab !== this) setTimeout(() => tab.receive?.(data), world.below(20));
        },
        set onmessage(listener: (event: MessageEvent) => void) {
          receive(listener);
        },
        close: () => undefined,
      },
    };
    const receive = (listener: (event: MessageEvent) => void) => {
      this.receive = data => {
        if (this.isAlive) listener({ data } as MessageEvent);
      };
    };
    this.queue = openCommandQueue(this.operations, parts);
  }
}

/** Lets time pass. Timers are faked; the turns that the database needs are real. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }
}

let names = 0;

/** @returns what went wrong */
export async function simulate(seed: number, plant?: Plant): Promise<string[]> {
  const world = new World(seed, plant);
  const name = `simulation ${names++}`;
  const open = async (viewer: string) => {
    const tab = new Tab(world, viewer);
    await tab.open(name);
    return tab;
  };
  const anyTab = () => [...world.tabs][world.below(world.tabs.size)];
  await open(viewers[0]!);
  let added = 0;
  while (added < 40) {
    const tab = anyTab() ?? (await open(viewers[world.below(2)]!));
    const what = world.below(20);
    if (what < 10) {
      const label = `c${added++}`;
      add(world, tab, label);
    } else if (what === 10) tab.stepsLeft = world.below(12);
    else if (what === 11) world.kill(tab);
    else if (what === 12 && world.tabs.size < 3) await open(viewers[world.below(2)]!);
    else if (what === 13) world.online = !world.online;
    else if (what === 14) tab.tokenOf = viewers[world.below(2)]!;
    else if (what === 15) tab.end();
    else if (what === 16) await dismiss(world, tab);
    await pass(world.below(4) * 50);
  }
  world.online = true;
  for (const tab of [...world.tabs]) world.kill(tab);
  // The last tabs: all commands are answered there.
  for (const viewer of viewers) await open(viewer);
  for (let round = 0; round < 60; round++) {
    await pass(2_000);
    for (const tab of world.tabs) while (tab.queue!.refusals.current.length > 0) await dismiss(world, tab, true);
    if ([...world.tabs].every(isIdle)) break;
  }
  for (const tab of world.tabs) if (tab.queue!.pending.current.length > 0) world.wrong.push('commands are left over');
  judge(world);
  await Promise.all([...world.tabs].map(tab => Promise.race([tab.queue!.close(), pass(1_000)])));
  return [...new Set(world.wrong)];
}

function add(world: World, tab: Tab, label: string): void {
  const order = orders[world.below(orders.length)]!;
  const viewer = tab.viewer ?? tab.tokenOf;
  const fate: Fate = {
    viewer,
    order,
    storedAs: undefined,
    isAdded: false,
    applied: 0,
    isHandedBack: false,
    isDismissed: false,
  };
  world.fates.set(label, fate);
  void tab.queue!.add('cancelOrder', { orderId: order, reason: label }).then(entry => {
    fate.isAdded = true;
    if (entry.viewer !== viewer) world.fates.set(label, Object.assign(fate, { viewer: entry.viewer }));
  });
}

/** @param isNew the tab was opened after all others */
async function dismiss(world: World, tab: Tab, isNew = false): Promise<void> {
  const refused = tab.queue?.refusals.current[0];
  if (refused === undefined) return;
  const fate = world.fates.get(String(refused.input['reason']))!;
  if (refused.viewer !== tab.viewer)
    world.wrong.push(`a refusal of ${refused.viewer} was shown to ${String(tab.viewer)}`);
  if (fate.isDismissed && isNew) world.wrong.push(`${String(refused.input['reason'])} was handed back again`);
  fate.isHandedBack = true;
  void tab.queue!.dismiss(refused.id).then(() => (fate.isDismissed = true));
  await pass(100);
}

function isIdle({ viewer, queue }: Tab): boolean {
  return viewer !== undefined && queue!.pending.current.length + queue!.refusals.current.length === 0;
}

function judge(world: World): void {
  for (const [label, fate] of world.fates) {
    if (fate.applied > 1) world.wrong.push(`${label} was applied ${fate.applied} times`);
    if (fate.applied > 0 && fate.isHandedBack) world.wrong.push(`${label} was applied and handed back`);
    if (fate.isAdded && fate.applied === 0 && !fate.isHandedBack) world.wrong.push(`${label} was lost`);
  }
  for (const order of orders) {
    for (const viewer of viewers) {
      const applied = world.applied.filter(one => one.order === order && world.fates.get(one.label)!.viewer === viewer);
      const ids = applied.map(({ label }) => world.fates.get(label)!.storedAs ?? 0);
      if (ids.some((id, index) => id < (ids[index - 1] ?? 0))) world.wrong.push(`order of ${order}: ${ids.join(' ')}`);
    }
  }
}
