import type { Payload } from './payload.ts';

/** The frames of one subscription, for its transport: it pipes them to a sink, or iterates over them. */
export interface Frames extends AsyncIterableIterator<Payload> {
  /** Writes each frame to the sink when it is available, until the end. */
  pipe(sink: FrameSink): void;
  /** The sink is ready for the next frame. */
  resume(): void;
  /** Ends the subscription, without waiting for a pending frame. */
  return(): Promise<IteratorReturnResult<undefined>>;
}

/** Where frames go: a socket or a stream. */
export interface FrameSink {
  /** @returns whether it can take the next frame at once; if not, it calls `resume()` later */
  write(payload: Payload): boolean;
  /** Called once, after the last frame. */
  end(): void;
}
