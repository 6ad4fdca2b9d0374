// What commands need of a page, for tests: a session without a server, and Web Locks for Node.
import { print } from 'graphql';
import type { Data } from '../../../src/client/data.ts';
import type { Operations } from '../../../src/client/operations.ts';
import { createOverlays } from '../../../src/client/overlays.ts';
import { createSeen } from '../../../src/client/seen.ts';
import type { Session } from '../../../src/client/session.ts';
import { createStore } from '../../../src/client/store.ts';

export interface TestTab {
  readonly operations: Operations;
  readonly session: Session;
  /** Makes an entity known at a position, as an answer or a frame does. */
  admit(key: string, position: string): void;
  /** Changes the viewer, or signs out. */
  changeViewer(viewer: string | undefined): void;
}

interface Server {
  mutate(name: string, input: Data): unknown;
  query?(variables: Data): unknown;
}

export function openTab(server: Server, firstViewer = 'STAFF ann'): TestTab {
  const known = new Map<string, string>();
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  const entities = {
    known(key: string) {
      const position = known.get(key);
      return position === undefined ? undefined : { version: 1, position };
    },
    subscribe(listener: (keys: ReadonlySet<string>) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const overlays = createOverlays(entities);
  let viewer: string | undefined = firstViewer;
  let controller = new AbortController();
  const session = {
    url: 'http://shop/graphql',
    seen: createSeen(),
    entities,
    overlays,
    connection: createStore({ status: 'idle', sinceMs: 0, behindEvents: 0 }),
    get viewer() {
      return viewer;
    },
    get viewerSignal() {
      return controller.signal;
    },
    identify: async () => viewer,
  } as unknown as Session;
  return {
    session,
    operations: {
      session,
      async mutate(document, variables) {
        const name = /\{\s*(\w+)/.exec(print(document))![1]!;
        return { [name]: await server.mutate(name, variables['input'] as Data) };
      },
      query: async (_, variables) => (await server.query?.(variables)) as Data,
      subscribe: () => () => undefined,
    },
    admit(key, position) {
      known.set(key, position);
      for (const listener of listeners) listener(new Set([key]));
    },
    changeViewer(next) {
      const ended = controller;
      controller = new AbortController();
      viewer = next;
      overlays.clear();
      ended.abort();
    },
  };
}

/** Node 20 has no Web Locks. Each lock has one holder; the others wait in line. */
export function createLocks(): LockManager {
  const held = new Map<string, Promise<unknown>>();
  return {
    async request(name: string, { signal }: { signal: AbortSignal }, act: () => Promise<unknown>) {
      while (held.has(name)) {
        const abort = new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        });
        await Promise.race([held.get(name), abort]);
      }
      const work = act();
      held.set(
        name,
        work.catch(() => undefined),
      );
      return work.finally(() => held.delete(name));
    },
  } as unknown as LockManager;
}

export function accepted(input: Data, position: string, order: Data | null = null): Data {
  return { __typename: 'OrderCommandPayload', orderId: input['orderId'], version: 1, position, order };
}
