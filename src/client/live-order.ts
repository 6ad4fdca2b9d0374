import { orderDocument, type OrderFragment, rowFragment } from './list-documents.ts';
import { openValue } from './live-value.ts';
import type { LiveState } from './open-live.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import { hasSameFields } from './same-fields.ts';
import type { Store } from './store.ts';

export interface LiveOrderState<Row = Data> extends LiveState {
  /** Undefined until it is known. `error` has the code NOT_FOUND if there is no such order that the viewer may see. */
  readonly order: Row | undefined;
}

export interface LiveOrder<Row = Data> extends Store<LiveOrderState<Row>> {
  /** After an error: tries again now. */
  retry(): void;
  /** Ends it: nothing is requested afterwards, and the state no longer changes. */
  end(): void;
}

/**
 * One order, kept up to date by one subscription.
 * @param fragment a fragment on `Order`
 */
export function createLiveOrder<Row = Data>(
  operations: Operations,
  id: string,
  fragment: OrderFragment<Row>,
): LiveOrder<Row> {
  const { entities, overlays } = operations.session;
  const document = orderDocument(fragment);
  const key = `Order:${id}`;
  let lastFrame: Data | undefined;
  let order: Data | undefined;
  /** The order with its overlays, as it was shown last. */
  let overlaid: Data | undefined;

  /** Its newest state is known elsewhere, but not here: the frame is still to come. */
  function isAwaited(): boolean {
    return (entities.known(key)?.version ?? 0) > ((order?.['orderstream_version'] as number | undefined) ?? 0);
  }

  /** What an overlay showed is kept, although it has ended, until the frame comes that has the same. */
  function shown(): Data | undefined {
    const next = overlays.apply(key, order);
    if (next === order) {
      if (!isAwaited()) overlaid = undefined;
    } else if (!overlaid || !hasSameFields(next as Data, overlaid)) overlaid = next;
    return overlaid ?? order;
  }

  return openValue(operations, {
    document,
    variables: { id },
    key,
    shape(frame) {
      if (frame !== lastFrame) {
        lastFrame = frame;
        order = frame?.['order'] as Data | undefined;
      }
      order &&= entities.renewEntity(document, rowFragment, {}, order);
      return { order: shown() as Row | undefined };
    },
  });
}
