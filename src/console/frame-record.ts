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
  /** @returns the same operations; each order that their subscriptions bring is reported */
  readonly record: (operations: Operations) => Operations;
  /** @returns a function that removes the listener */
  readonly onOrder: (listener: (frame: OrderFrame) => void) => () => void;
}

interface OrderUpdate {
  readonly position?: string;
  readonly order?: { readonly orderstream_id?: string; readonly id?: string; readonly version?: number } | null;
}

/** Reports each order that subscriptions bring: what is counted is what arrived. */
export function createFrameRecord(): FrameRecord {
  const listeners = new Set<(frame: OrderFrame) => void>();

  function tell({ data }: Answer): void {
    const { value } = { ...(data as { value?: OrderUpdate } | null | undefined) };
    const { id, orderstream_id: aliased, version } = value?.order ?? {};
    const orderId = aliased ?? id;
    if (orderId === undefined || version === undefined || value?.position === undefined) return;
    const frame = { orderId, version, position: value.position, atMs: performance.now() };
    for (const listener of [...listeners]) listener(frame);
  }

  return {
    record: operations => ({
      ...operations,
      subscribe: (document, variables, sink) =>
        operations.subscribe(document, variables, {
          ...sink,
          next(answer) {
            tell(answer);
            sink.next(answer);
          },
        }),
    }),
    onOrder(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
