import type { Answer, Operations } from '@orderstream/client';

/** One state of an order that a subscription brought. */
export interface OrderFrame {
  readonly orderId: string;
  readonly version: number;
  /** The position that the frame reflects. */
  readonly position: string;
  /** `performance.now()` at its arrival. */
  readonly atMs: number;
}

export interface FrameRecord {
  /** @returns a function that removes the listener */
  readonly onOrder: (listener: (frame: OrderFrame) => void) => () => void;
}

interface OrderUpdate {
  readonly position?: string;
  readonly order?: { readonly orderstream_id?: string; readonly id?: string; readonly version?: number } | null;
}

/** Operations that also tell of each order that their subscriptions bring: what is counted is what arrived. */
export function recordFrames(inner: Operations): { operations: Operations; frames: FrameRecord } {
  const listeners = new Set<(frame: OrderFrame) => void>();

  function record({ data }: Answer): void {
    const { value } = { ...(data as { value?: OrderUpdate } | null | undefined) };
    const { id, orderstream_id: aliased, version } = value?.order ?? {};
    const orderId = aliased ?? id;
    if (orderId === undefined || version === undefined || value?.position === undefined) return;
    const frame = { orderId, version, position: value.position, atMs: performance.now() };
    for (const listener of [...listeners]) listener(frame);
  }

  return {
    operations: {
      ...inner,
      subscribe: (document, variables, sink) =>
        inner.subscribe(document, variables, {
          ...sink,
          next(answer) {
            record(answer);
            sink.next(answer);
          },
        }),
    },
    frames: {
      onOrder(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}
