import type { CommandName, CommandResult } from '@orderstream/client';
import { useCommand } from '@orderstream/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { frames } from '../client.ts';
import type { OrderFrame } from '../frame-record.ts';
import type { OrderStatus } from '../generated/schema-enums.ts';

/** The way of a command, ms since the click. Undefined: not yet. */
export interface CommandWay {
  readonly what: string;
  /** The server's answer was there: the command is stored. */
  readonly answeredMs: number | undefined;
  /** The page showed the new status. */
  readonly visibleMs: number | undefined;
  /** The frame with the new version had come over the socket. */
  readonly pushedMs: number | undefined;
}

interface Running {
  readonly startMs: number;
  readonly status: OrderStatus;
  readonly arrived: OrderFrame[];
  version: number | undefined;
}

/** Runs commands of one order, and measures the way of the last one. */
export function useTimedCommand(orderId: string, status: OrderStatus | undefined) {
  const run = useCommand();
  const [way, setWay] = useState<CommandWay>();
  const running = useRef<Running>(undefined);

  const note = useCallback((what: Partial<CommandWay>) => {
    setWay(before => before && { ...before, ...what });
  }, []);

  useEffect(
    () =>
      frames.onOrder(frame => {
        const { current } = running;
        if (!current || frame.orderId !== orderId) return;
        current.arrived.push(frame);
        if (current.version !== undefined && frame.version >= current.version) {
          note({ pushedMs: frame.atMs - current.startMs });
        }
      }),
    [orderId, note],
  );

  useEffect(() => {
    const { current } = running;
    if (!current || current.status !== status) return;
    // The next frame is painted after this.
    const painted = requestAnimationFrame(() => {
      setWay(before => before && { ...before, visibleMs: before.visibleMs ?? performance.now() - current.startMs });
    });
    return () => {
      cancelAnimationFrame(painted);
    };
  }, [status]);

  const send = useCallback(
    async (
      name: CommandName,
      input: object,
      options: { readonly what: string; readonly next: OrderStatus; readonly actions: readonly string[] },
    ): Promise<CommandResult> => {
      const mine: Running = { startMs: performance.now(), status: options.next, arrived: [], version: undefined };
      running.current = mine;
      setWay({ what: options.what, answeredMs: undefined, visibleMs: undefined, pushedMs: undefined });
      const optimistic = { status: options.next, availableActions: options.actions };
      const result = await run(name, { orderId, ...input }, { optimistic });
      if (running.current !== mine) return result;
      if (!result.accepted) {
        running.current = undefined;
        setWay(undefined);
        return result;
      }
      mine.version = result.version;
      const frame = mine.arrived.find(({ version }) => version >= result.version);
      note({
        answeredMs: performance.now() - mine.startMs,
        ...(frame && { pushedMs: frame.atMs - mine.startMs }),
      });
      return result;
    },
    [orderId, run, note],
  );
  return { send, way };
}
