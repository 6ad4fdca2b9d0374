import type { Position } from '../event-store/position.ts';
import { readEventsAfter } from '../event-store/read-events-after.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { everything } from '../live/hub.ts';
import { type EventFrame, isDamaged, watchEvents } from '../live/watch-events.ts';
import { builder } from './builder.ts';
import { codedError } from './coded-error.ts';
import { type Context, startAfter } from './context.ts';
import { eventFields } from './event-fields.ts';

const StoredEvent = builder.objectRef<RecordedEvent>('StoredEvent').implement({
  description: 'One stored event of any stream.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    ...eventFields(t),
    streamType: t.exposeString('streamType', {
      description:
        'What it is about: order, customer, product, or projection for what operators have the read models do.',
    }),
    streamId: t.exposeID('streamId', { description: 'Which one.' }),
  }),
});

builder.subscriptionField('eventsAppended', t =>
  t.field({
    type: StoredEvent,
    rule: 'staff',
    sharing: 'role',
    description:
      'Every event of the whole log after that position (from the first, where left out), each once, in order: the feed for brokers, policies and other stores (staff). A position that can not be continued ends it: STALE_POSITION, and RESYNC in `extensions.kind`.',
    args: { after: t.arg({ type: 'Position', description: "The last event's position: go on from there." }) },
    subscribe: (_root, { after }, context) => watchLog(context, startAfter(context, after)),
    resolve: eventOf,
  }),
);

function watchLog({ dependencies: parts, logger }: Context, after: Position | undefined) {
  const { database, types } = parts.source;
  const read = (from: Position | undefined, limit: number) =>
    parts.sharedReads.once(JSON.stringify(['events', from, limit]), () =>
      readEventsAfter(database, types, undefined, from, limit),
    );
  return watchEvents(parts.logHub, everything, after, { read, logger });
}

/**
 * @throws STALE_POSITION where the feed ends because its position can't be continued
 * @throws UnreadableEventError where it ends before an event that can't be read
 */
export function eventOf({ row }: EventFrame): RecordedEvent {
  if (row === undefined) throw codedError('STALE_POSITION', 'The position is of another log: begin again without it.');
  if (isDamaged(row)) throw row.unreadable;
  return row;
}
