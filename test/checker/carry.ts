import { openEventStream } from '../support/event-stream.ts';
import { connectSocket } from '../support/socket.ts';
import type { Answer } from '../support/typed-document.ts';
import { subscriptions } from './documents.ts';
import type { Received, Shown, Watched } from './history.ts';

/** A subscription on its connection. */
export interface Carried {
  /** The next payload; undefined after the end, for any reason. */
  next(): Promise<Received | undefined>;
  close(): void;
}

interface Update {
  readonly kind?: 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS';
  readonly position: string;
  readonly orderId?: string | null;
  readonly matches?: boolean | null;
  readonly order?: Shown | null;
  readonly type?: string;
  readonly version?: number;
  readonly actor?: string;
}

/** Longer than any run, ms: the connection ends first. */
const never = 2_000_000_000;

/** Subscribes over the given transport. @throws if the server rejects the connection */
export function carry(watched: Watched, url: string, bearer: string, after: string | undefined): Promise<Carried> {
  return watched.transport === 'SSE' ? bySse(watched, url, bearer, after) : bySocket(watched, url, bearer, after);
}

export function variablesOf({ id, statusIn }: Pick<Watched, 'id' | 'statusIn'>): Record<string, unknown> {
  return { ...(id !== '' && { id }), ...(statusIn && { filter: { statusIn } }) };
}

async function bySocket(watched: Watched, url: string, bearer: string, after: string | undefined): Promise<Carried> {
  const socket = await connectSocket(url, bearer);
  const operation = socket.subscribe(subscriptions[watched.kind], { ...variablesOf(watched), after });
  return {
    async next() {
      try {
        const { type, payload } = await operation.frame(never);
        if (type === 'complete') return undefined;
        return received(type === 'error' ? { errors: payload as never } : (payload as Answer<{ update: Update }>));
      } catch {
        return undefined;
      }
    },
    close: () => socket.ws.terminate(),
  };
}

async function bySse(watched: Watched, url: string, bearer: string, after: string | undefined): Promise<Carried> {
  const stream = await openEventStream(url, subscriptions[watched.kind], variablesOf(watched), {
    token: bearer,
    headers: after === undefined ? {} : { 'last-event-id': after },
  });
  return {
    async next() {
      try {
        const { event, data } = await stream.event(never);
        return event === 'next' ? received(JSON.parse(data) as Answer<{ update: Update }>) : undefined;
      } catch {
        return undefined;
      }
    },
    close: () => stream.close(),
  };
}

function received({ data, errors }: Answer<{ update: Update }>): Received {
  const at = Date.now();
  const update = data?.update;
  if (errors || !update) return { at, kind: 'ERROR', position: '', code: errors?.[0]?.extensions.code };
  const { kind = 'EVENT', position, orderId, matches, order, type, version, actor } = update;
  const event = type !== undefined && version !== undefined && actor !== undefined && { type, version, actor };
  return {
    at,
    kind,
    position,
    ...(typeof orderId === 'string' && { orderId }),
    ...(typeof matches === 'boolean' && { matches }),
    ...(order && { order }),
    ...(event && { event }),
  };
}
