import type { Position } from '../event-store/position.ts';

/** The position that one operation's answer reflects. */
export class ResponsePosition {
  #read: Position | undefined;
  #reached: Position | undefined;

  /** A read reports what it reflects; the answer as a whole reflects the lowest. */
  read(position: Position): void {
    if (this.#read === undefined || position.point < this.#read.point) this.#read = position;
  }

  /** A command reports what it reached: the last of an operation's commands is what its caller has to see. */
  reached(position: Position): void {
    if (this.#reached === undefined || position.point > this.#reached.point) this.#reached = position;
  }

  /** What the operation's own commands reached. */
  get stored(): Position | undefined {
    return this.#reached;
  }

  get position(): Position | undefined {
    return this.#reached ?? this.#read;
  }
}
