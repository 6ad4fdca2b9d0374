import type { Position } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { deriveId } from '../ids.ts';
import type { Types } from './builder.ts';
import { viewerOf } from './context.ts';

type FieldBuilder = PothosSchemaTypes.ObjectFieldBuilder<Types, RecordedEvent>;

/** What any stored event shows, whatever stream it is of. */
export function eventFields(t: FieldBuilder) {
  return {
    id: t.id({ description: '`evt_<uuid>`.', resolve: eventId }),
    type: t.exposeString('type', { description: 'What happened, in the past tense.' }),
    version: t.exposeInt('version', { description: 'Its place in its stream; 1 is the first.' }),
    position: t.field({ type: 'Position', description: 'Its place in the log.', resolve: positionOf }),
    schemaVersion: t.exposeInt('schemaVersion', { description: 'Of the shape that `data` has here.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'When it happened, as the command says.' }),
    recordedAt: t.expose('recordedAt', {
      type: 'DateTime',
      description: 'When it was stored; never falls as positions rise.',
    }),
    actor: t.string({
      description: 'Who asked for it; staff appear to customers as "staff".',
      resolve: ({ metadata: { actor } }, _args, context) =>
        actor.role === 'staff' && viewerOf(context).role !== 'staff' ? 'staff' : actor.subject,
    }),
    correlationId: t.string({
      description: 'Ties it to the request that caused it.',
      resolve: ({ metadata }) => metadata.correlationId,
    }),
    data: t.field({
      type: 'JSON',
      description: 'Brought up to the newest schemaVersion, personal data opened for those who may see it.',
      resolve: ({ data, personal }) => ({ ...data, ...personal }),
    }),
  };
}

/** An event's id comes of its command's, so that the log need not store one. */
export function eventId({ commandId, ordinal }: RecordedEvent): string {
  return deriveId('evt', commandId, `event ${ordinal}`);
}

export function positionOf({ position, hash }: RecordedEvent): Position {
  return { point: position, hash };
}
