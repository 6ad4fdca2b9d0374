import type { ExecutionResult } from 'graphql';
import type { Logger } from '../../../telemetry/logger.ts';
import { presentError } from '../present-error.ts';
import { errorPayload, resultPayload } from './frame-payload.ts';
import type { Frames, FrameSink } from './frames.ts';
import { Payload } from './payload.ts';

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** The frames as plugins see them: results of executions. */
export function resultsOf(frames: Frames): AsyncIterableIterator<ExecutionResult> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { value, done: isDone } = (await frames.next()) as IteratorResult<Payload, undefined>;
      return isDone ? done : { value: value.result, done: false };
    },
    return: () => frames.return(),
  };
}

/**
 * The frames of a subscription after yoga and the plugins have wrapped them. A frame that no plugin has replaced is sent
 * as the bytes that all its subscribers share.
 */
export class PipedFrames implements Frames {
  readonly #results: AsyncIterator<ExecutionResult | Payload>;
  readonly #source: Frames | undefined;
  readonly #logger: Logger;
  #sink: FrameSink | undefined;
  #requested = false;
  #ended = false;

  /** @param source what is below all wrappers; undefined if a plugin made all of it */
  constructor(results: AsyncIterable<ExecutionResult | Payload>, source: Frames | undefined, logger: Logger) {
    this.#results = results[Symbol.asyncIterator]();
    this.#source = source;
    this.#logger = logger;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Payload, undefined>> {
    const { value, done: isDone } = (await this.#results.next()) as IteratorResult<ExecutionResult, undefined>;
    return isDone ? done : { value: this.#payloadOf(value), done: false };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    // The source first: an async generator that waits for it can only return after that.
    await this.#source?.return();
    this.#end();
    try {
      await this.#results.return?.();
    } catch (error) {
      this.#logger.warn({ err: error }, 'a plugin failed at the end of a subscription');
    }
    return done;
  }

  pipe(sink: FrameSink): void {
    this.#sink = sink;
    this.resume();
  }

  resume(): void {
    if (this.#ended || this.#requested) return;
    this.#requested = true;
    this.next().then(
      result => this.#forward(result),
      (error: unknown) => {
        if (!this.#ended) this.#sink?.write(errorPayload(error, this.#logger));
        void this.return();
      },
    );
  }

  #forward({ value, done: isDone }: IteratorResult<Payload, undefined>): void {
    this.#requested = false;
    if (isDone) this.#end();
    else if (!this.#ended && this.#sink?.write(value) === true) this.resume();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink?.end();
  }

  #payloadOf(result: ExecutionResult | Payload): Payload {
    if (result instanceof Payload) return result;
    const shared = Payload.of(result);
    if (shared) return shared;
    const { errors, data, extensions } = result;
    const position = extensions?.['position'];
    const sent = {
      ...(errors && { errors: errors.map(error => presentError(error, this.#logger)) }),
      ...(data !== undefined && { data }),
      ...(extensions && { extensions }),
    };
    return resultPayload(sent, typeof position === 'string' ? position : undefined);
  }
}
