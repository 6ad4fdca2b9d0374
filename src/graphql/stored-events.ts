import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { builder } from './builder.ts';
import { startAfter } from './context.ts';
import { eventOf, eventsAfter } from './event-feed.ts';
import { eventFields } from './event-fields.ts';
import { Role } from './viewer.ts';

const StoredEvent = builder.objectRef<RecordedEvent>('StoredEvent').implement({
  description: 'A stored event of any stream.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    ...eventFields(t),
    streamType: t.exposeString('streamType', {
      description:
        'The type of the stream: that of an aggregate, or `projection` for actions of operators on the read models.',
    }),
    streamId: t.exposeID('streamId', { description: 'The id of the stream.' }),
    actorRole: t.field({
      type: Role,
      description: 'The role of the caller who sent the command. It tells what an operator did from what staff did.',
      resolve: ({ metadata }) => metadata.actor.role,
    }),
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
    subscribe: (_root, { after }, context) => eventsAfter(context, undefined, startAfter(context, after)),
    resolve: eventOf,
  }),
);
