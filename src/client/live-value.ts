import type { DocumentNode } from 'graphql';
import { type LiveState, openLive, type OpenLive } from './open-live.ts';
import type { Data, Variables } from './data.ts';
import type { Operations } from './operations.ts';

export interface ValueOptions<Shape> {
  /** A subscription to `value`, whose first frame is the state at the start. */
  readonly document: DocumentNode;
  readonly variables: Variables;
  /** The entity that it follows, if it is one. */
  readonly key?: string | undefined;
  /**
   * Makes the state's own part. It is called again after each change of entities and overlays.
   * @param frame the last one; undefined: there is none
   */
  readonly shape: (frame: Data | undefined) => Shape;
}

/** Follows one object with a subscription. Its frames bring the whole state, so no query is needed. */
export function openValue<Shape extends object>(
  operations: Operations,
  { document, variables, key, shape }: ValueOptions<Shape>,
): OpenLive<Shape & LiveState> {
  let frame: Data | undefined;
  const live = openLive<Shape>(operations, {
    key,
    begin(signal) {
      // It resumes: without `after`, a server that is behind would send an older state.
      if (frame) live.enter('live');
      const after = frame && { after: frame['position'] };
      live.follow<Data>(document, { ...variables, ...after }, signal, value => {
        frame = value;
        live.enter('live');
      });
    },
    renew: () => true,
    show: () => shape(frame),
    empty: () => shape(undefined),
  });
  return live;
}
