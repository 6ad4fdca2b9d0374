import type { Position } from '../event-store/position.ts';

/** The position that the response to one operation reflects. */
export class ResponsePosition {
  #read: Position | undefined;
  #reached: Position | undefined;

  /** Records the position of a read. The response as a whole reflects the lowest one. */
  read(position: Position): void {
    if (this.#read === undefined || position.point < this.#read.point) this.#read = position;
  }

  /**
   * Records the position of a command. The response reports the highest one, because the caller has to see all its
   * commands.
   */
  reached(position: Position): void {
    if (this.#reached === undefined || position.point > this.#reached.point) this.#reached = position;
  }

  /** The highest position that the operation's own commands reached. */
  get stored(): Position | undefined {
    return this.#reached;
  }

  get position(): Position | undefined {
    return this.#reached ?? this.#read;
  }
}
