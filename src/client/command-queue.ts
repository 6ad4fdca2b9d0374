import type { CommandName } from './command-document.ts';
import type { CommandInputs } from './command-inputs.ts';
import { type CommandStorage, openCommandStorage, type QueuedCommand, type RefusedCommand } from './command-storage.ts';
import {
  type CommandOptions,
  objectIdOf,
  prepareCommand,
  repeatsAllowed,
  repeatWaitMs,
  sendCommand,
  settle,
  showOptimistic,
} from './commands.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';
import type { Overlay } from './overlays.ts';
import { createPauses } from './pauses.ts';
import { nextCommands } from './next-commands.ts';
import { createStore, type Store, type WritableStore } from './store.ts';
import { namesSubject } from './token.ts';
import { whenAwake } from './when-awake.ts';

export type { FailedCommand, QueuedCommand, RefusedCommand } from './command-storage.ts';

/**
 * Commands that are sent as soon as there is a connection. They survive reloads and crashes, and each of them is executed
 * once. Commands of which one names the object of the other are sent in the order in which they were added. A command is
 * sent also if an earlier one was refused: the server decides. Only commands of the present viewer are shown and sent.
 */
export interface CommandQueue {
  /**
   * Stores a command, and then shows its optimistic values. It is on disk when the promise resolves. A new order gets its
   * id here, so that later commands can name it.
   * @throws (rejects) Error if the token has no subject: the command could be sent with the token of another person
   */
  add<Name extends CommandName>(
    name: Name,
    input: CommandInputs[Name],
    options?: CommandOptions,
  ): Promise<QueuedCommand>;
  /** Commands without an answer, oldest first; also those that other tabs have added. */
  readonly pending: Store<readonly QueuedCommand[]>;
  /** Commands that were refused, until they are dismissed. */
  readonly refusals: Store<readonly RefusedCommand[]>;
  /** Removes a refused command. */
  dismiss(id: number): Promise<void>;
  /** Sends nothing more from this tab. What is stored stays. */
  close(): Promise<void>;
}

/** What a queue needs of the browser. */
export interface QueueParts {
  readonly name: string;
  readonly storage: CommandStorage;
  readonly locks: Pick<LockManager, 'request'>;
  readonly channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage' | 'close'>;
}

/** A change by another tab. */
interface Notice {
  readonly id?: number;
  /** The command was stored with this position, and will be removed. */
  readonly position?: string;
}

/** How often the queue looks whether there is a viewer again, after the last one signed out. */
const viewerPollMs = 1_000;

/**
 * Opens the queue of an endpoint. All tabs of a site share it, and one of them sends.
 * @param name if a site needs several queues
 * @throws Error if the browser has no IndexedDB or no Web Locks. Browsers have locks on https: and on localhost.
 */
export async function createCommandQueue(
  operations: Operations,
  { name = 'commands' }: { readonly name?: string } = {},
): Promise<CommandQueue> {
  const { locks } = (globalThis as { navigator?: { locks?: LockManager } }).navigator ?? {};
  if (locks === undefined) throw new Error('The command queue needs Web Locks: serve the page by https.');
  const fullName = `orderstream ${name} ${operations.session.url}`;
  const storage = await openCommandStorage(fullName);
  return openCommandQueue(operations, { name: fullName, storage, locks, channel: new BroadcastChannel(fullName) });
}

/** Opens a queue on given parts of a browser. */
export function openCommandQueue(operations: Operations, parts: QueueParts): CommandQueue {
  const { name, storage, locks, channel } = parts;
  const { session } = operations;
  const pending = createStore<readonly QueuedCommand[]>([]);
  const refusals = createStore<readonly RefusedCommand[]>([]);
  const overlays = new Map<number, { readonly command: QueuedCommand; readonly overlay: Overlay }>();
  const positions = new Map<number, string>();
  const pauses = createPauses();
  let scope: { readonly viewer: string } | undefined;
  let endScope: () => void = () => undefined;
  let isClosed = false;
  let sendNext: () => void = () => undefined;

  function show(rows: readonly (QueuedCommand | RefusedCommand)[]): void {
    const waiting = rows.filter(row => !('error' in row));
    for (const row of waiting) {
      // If the log was replaced, the session has ended all overlays; this command is still to be sent.
      if (!row.optimistic || overlays.get(row.id)?.overlay.isShown) continue;
      overlays.set(row.id, { command: row, overlay: showOptimistic(operations, row, row.optimistic) });
    }
    for (const [id, { command, overlay }] of overlays) {
      if (waiting.some(row => row.id === id)) continue;
      overlays.delete(id);
      if (rows.some(row => row.id === id)) overlay.withdraw();
      else void settle(operations, command, overlay, pauses, positions.get(id));
    }
    for (const id of positions.keys()) if (!rows.some(row => row.id === id)) positions.delete(id);
    update(pending, waiting);
    update(
      refusals,
      rows.filter(row => 'error' in row),
    );
  }

  async function refresh(): Promise<void> {
    const asked = scope;
    if (asked === undefined) return;
    const rows = await storage.list(asked.viewer);
    if (scope !== asked) return;
    show(rows);
    sendNext();
  }

  function hide(): void {
    scope = undefined;
    for (const { overlay } of overlays.values()) overlay.withdraw();
    overlays.clear();
    pending.set([]);
    refusals.set([]);
  }

  function announce(notice: Notice): void {
    channel.postMessage(notice);
  }

  /** Sends a command and stores its result. @throws if it has to be sent again */
  async function deliver(command: QueuedCommand, signal: AbortSignal, failures: number): Promise<void> {
    let error: RefusedCommand['error'] | undefined;
    // If the token is another viewer's by now, this ends the scope.
    await session.identify();
    if (signal.aborted) return;
    try {
      const result = await sendCommand(operations, command);
      if (result.accepted) {
        positions.set(command.id, result.position);
        // Before it is removed: other tabs need the position when they miss it.
        announce({ id: command.id, position: result.position });
      } else ({ error } = result);
    } catch (failure) {
      if (!(failure instanceof OperationError) || failures < repeatsAllowed(failure)) throw failure;
      error = { __typename: 'OperationError', code: failure.code, message: failure.message };
    }
    await (error ? storage.refuse(command.id, error) : storage.remove(command.id));
    announce({});
  }

  /** Repeats an action until it succeeds or the signal is aborted. @param act gets the number of grave failures */
  async function insist(signal: AbortSignal, act: (failures: number) => Promise<void>): Promise<void> {
    let failures = 0;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await act(failures);
        return;
      } catch (error) {
        if (repeatsAllowed(error) !== Infinity) failures++;
        await pauses.wait(repeatWaitMs(attempt), signal);
      }
    }
  }

  /** Sends until the scope ends. The lock is held until then, and until no command is under way any more. */
  async function send(signal: AbortSignal): Promise<void> {
    const sending = new Map<number, Promise<void>>();
    const next = () => {
      if (signal.aborted) return;
      for (const command of nextCommands(pending.current, sending)) {
        sending.set(command.id, deliverAndGoOn(command));
      }
    };
    async function deliverAndGoOn(command: QueuedCommand): Promise<void> {
      await insist(signal, failures => deliver(command, signal, failures));
      // Only the storage says that it is answered: otherwise it would be sent again.
      await insist(signal, refresh);
      sending.delete(command.id);
      next();
    }
    // What was read before the lock was got may be answered by now, by a tab that could not tell the others.
    await refresh();
    announce({});
    sendNext = next;
    next();
    await aborted(signal);
    sendNext = () => undefined;
    await Promise.all(sending.values());
  }

  /** Shows and sends the commands of one viewer until they sign out. */
  async function serve(viewer: string, viewerSignal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    endScope = () => {
      controller.abort();
      hide();
    };
    viewerSignal.addEventListener('abort', endScope);
    scope = { viewer };
    await insist(signal, async () => {
      await refresh();
      await locks.request(`${name} ${viewer}`, { signal }, () => send(signal));
    });
    viewerSignal.removeEventListener('abort', endScope);
  }

  async function followViewers(): Promise<void> {
    for (let attempt = 0; !isClosed && session.viewer === undefined; attempt++) {
      await session.identify().catch(() => pauses.wait(repeatWaitMs(attempt)));
    }
    while (!isClosed) {
      // After a sign-out nothing here asks for a token: that could show a login.
      if (session.viewer === undefined) await pauses.wait(viewerPollMs);
      else await serve(session.viewer, session.viewerSignal);
    }
  }

  const stopWaking = whenAwake({
    onWake() {
      pauses.wake();
    },
    onNetwork: () => undefined,
  });
  const stopWatching = session.connection.subscribe(() => {
    if (session.connection.current.status === 'live') pauses.wake();
  });
  channel.onmessage = ({ data }: MessageEvent<Notice>) => {
    if (data.id !== undefined && data.position !== undefined) positions.set(data.id, data.position);
    refresh().catch(() => undefined); // the next change reads again
  };
  const followed = followViewers();

  return {
    pending,
    refusals,
    async add(commandName, input, { optimistic } = {}) {
      const command = prepareCommand(commandName, input);
      if (optimistic && objectIdOf(command) === undefined) {
        throw new TypeError(`Optimistic values need an id in the input of ${commandName}.`);
      }
      const viewer = session.viewer ?? (await session.identify());
      if (!namesSubject(viewer)) throw new Error('The command queue needs a token with a subject: the claim `sub`.');
      const row = { ...command, viewer, addedAtMs: Date.now(), ...(optimistic && { optimistic }) };
      const id = await storage.add(row);
      announce({});
      // A viewer who has just signed in is not served yet.
      if (scope === undefined) pauses.wake();
      // It is stored already: that it can't be read now is no failure of this call.
      await refresh().catch(() => undefined);
      return { ...row, id };
    },
    async dismiss(id) {
      if (!refusals.current.some(row => row.id === id)) return;
      await storage.remove(id);
      announce({});
      await refresh();
    },
    async close() {
      isClosed = true;
      stopWaking();
      stopWatching();
      endScope();
      pauses.wake();
      await followed;
      channel.close();
      storage.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
}

/** A row that stays in the store stays the same object. */
function update<Row extends { readonly id: number }>(store: WritableStore<readonly Row[]>, rows: readonly Row[]): void {
  const { current } = store;
  if (rows.length === current.length && rows.every(({ id }, index) => id === current[index]?.id)) return;
  const known = new Map(current.map(row => [row.id, row]));
  store.set(rows.map(row => known.get(row.id) ?? row));
}
