import { hasRight } from '../commands/decider.ts';
import type { Position } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { deriveId } from '../ids.ts';
import type { Types } from './builder.ts';
import { viewerOf } from './context.ts';

type FieldBuilder = PothosSchemaTypes.ObjectFieldBuilder<Types, RecordedEvent>;

/** The fields that all stored events have, independent of their stream. */
export function eventFields(t: FieldBuilder) {
  return {
    id: t.id({ description: '`evt_<uuid>`.', resolve: eventId }),
    type: t.exposeString('type', { description: 'The type of the event.' }),
    version: t.exposeInt('version', { description: 'The number of the event in its stream, from 1.' }),
    position: t.field({ type: 'Position', description: 'The position of the event in the log.', resolve: positionOf }),
    schemaVersion: t.exposeInt('schemaVersion', { description: 'The schema version of `data` in this response.' }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description: 'The time at which the event happened, as the command says.',
    }),
    recordedAt: t.expose('recordedAt', {
      type: 'DateTime',
      description: 'The time at which the event was stored. It never decreases with rising positions.',
    }),
    actor: t.string({
      description:
        'The subject of the caller who sent the command. Customers see "staff" instead of the name of a staff member or operator.',
      resolve: ({ metadata: { actor } }, _args, context) =>
        hasRight(actor, 'staff') && !hasRight(viewerOf(context), 'staff') ? 'staff' : actor.subject,
    }),
    correlationId: t.string({
      description: 'The id of the request that caused the event.',
      resolve: ({ metadata }) => metadata.correlationId,
    }),
    data: t.field({
      type: 'JSON',
      description:
        'The data of the event in its newest schema version. Personal data is decrypted for viewers who may see it.',
      resolve: ({ data, personal }) => ({ ...data, ...personal }),
    }),
  };
}

/** The id of an event is derived from the id of its command, so the log need not store it. */
export function eventId({ commandId, ordinal }: RecordedEvent): string {
  return deriveId('evt', commandId, `event ${ordinal}`);
}

export function positionOf({ position, hash }: RecordedEvent): Position {
  return { point: position, hash };
}
