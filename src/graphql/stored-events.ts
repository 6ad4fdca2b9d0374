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
  description: 'A stored event of any stream.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    ...eventFields(t),
    streamType: t.exposeString('streamType', {
      description:
        'The type of the stream: order, customer, product, or projection for actions of operators on the read models.',
    }),
    streamId: t.exposeID('streamId', { description: 'The id of the stream.' }),
  }),
});

builder.subscriptionField('eventsAppended', t =>
  t.field({
    type: StoredEvent,
    rule: 'staff',
    sharing: 'role',
    description:
      'Sends every event of the whole log after `after`, each one once and in order (staff only). Without `after` it starts with the first event. Use it to feed message brokers, other data stores, and programs that act on events. If it cannot continue from `after`, it ends with the error STALE_POSITION and `extensions.kind` RESYNC.',
    args: {
      after: t.arg({
        type: 'Position',
        description: 'The position of the last event that you have processed. The feed continues after it.',
      }),
    },
    subscribe: (_root, { after }, context) => watchLog(context, startAfter(context, after)),
    resolve: eventOf,
  }),
);

function watchLog({ dependencies, logger }: Context, after: Position | undefined) {
  const { database, types } = dependencies.source;
  const read = (from: Position | undefined, limit: number) =>
    dependencies.sharedReads.once(JSON.stringify(['events', from, limit]), () =>
      readEventsAfter(database, types, undefined, from, limit),
    );
  return watchEvents(dependencies.logHub, everything, after, { read, logger });
}

/**
 * @throws STALE_POSITION if the feed ends because its position can't be continued
 * @throws UnreadableEventError if the feed ends at an event that can't be read
 */
export function eventOf({ row }: EventFrame): RecordedEvent {
  if (row === undefined)
    throw codedError('STALE_POSITION', 'The position is of another log: subscribe again without it.');
  if (isDamaged(row)) throw row.unreadable;
  return row;
}
