import type { Position } from '../event-store/position.ts';

export type FrameKind = 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS';

/** What a subscription sends: everything up to `position` was delivered, this frame included. */
export interface Frame {
  readonly kind: FrameKind;
  readonly position: Position;
  /** What changed: one and the same object for all who are told of one change, so that they can share what is made of it. */
  readonly row?: object | undefined;
}
