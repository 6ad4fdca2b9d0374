import type { Sink } from './iterate.ts';
import { operationErrorOf } from './operation-error.ts';
import type { Answer } from './operation-session.ts';

/** A sink that ends once: what comes afterwards is dropped. */
export interface EndingSink extends Sink<Answer> {
  readonly isOver: boolean;
  /** Ends it and tells nothing: its subscriber has left. */
  readonly leave: () => void;
  readonly complete: () => void;
  readonly error: (error: unknown) => void;
}

/** @param onEnd called at the end, before `sink` is called */
export function endOnce(sink: Sink<Answer>, onEnd: () => void): EndingSink {
  let isOver = false;
  function end(tell: () => void): void {
    if (isOver) return;
    isOver = true;
    onEnd();
    tell();
  }
  return {
    get isOver() {
      return isOver;
    },
    next(answer) {
      if (!isOver) sink.next(answer);
    },
    complete() {
      end(() => {
        sink.complete();
      });
    },
    error(error) {
      end(() => {
        sink.error(operationErrorOf(error));
      });
    },
    leave() {
      end(() => undefined);
    },
  };
}
