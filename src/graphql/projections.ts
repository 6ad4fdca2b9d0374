import type { Beat } from '../live/beat.ts';
import { type StateFrame, watchState } from '../live/watch-state.ts';
import type { Projections, ProjectionStatus, RebuildStatus } from '../projections/read-projections.ts';
import type { Position } from '../event-store/position.ts';
import { builder } from './builder.ts';
import { startAfter } from './context.ts';

declare module './dependencies.ts' {
  interface Dependencies {
    /** @param after a position, to know whether it is of this log */
    readonly projections: (after: Position | undefined) => Promise<Projections>;
    /** When those who watch them ask. */
    readonly projectionBeat: Beat;
  }
}

const ProjectionState = builder.enumType('ProjectionState', {
  description: 'What a read model is at.',
  values: {
    LIVE: { description: 'Follows the log.' },
    REBUILDING: { description: 'Follows the log, and is made anew beside that.' },
    PAUSED: { description: 'Events wait, and no projector takes them.' },
    FAILED: { description: 'Its projector meets something that it can not go past.' },
  },
});

const ProjectionRebuild = builder.objectRef<RebuildStatus>('ProjectionRebuild').implement({
  description: 'How far a rebuild has come.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    processed: t.expose('processed', { type: 'SafeInt', description: 'Events folded.' }),
    total: t.expose('total', { type: 'SafeInt', description: 'Events there are.' }),
    eventsPerSecond: t.exposeFloat('eventsPerSecond', { description: 'Since it was begun, or taken up again.' }),
    etaSeconds: t.exposeFloat('etaSeconds', { nullable: true, description: 'Left, at that rate.' }),
  }),
});

const Projection = builder.objectRef<ProjectionStatus>('Projection').implement({
  description: 'How a read model stands.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    id: t.id({ description: 'Its name.', resolve: ({ name }) => name }),
    name: t.exposeString('name', { description: 'As `orderstream rebuild` takes it.' }),
    state: t.expose('state', { type: ProjectionState, description: 'What it is at.' }),
    position: t.expose('position', { type: 'Position', description: 'What it reflects.' }),
    lagEvents: t.expose('lagEvents', { type: 'SafeInt', description: 'Events stored but not yet projected.' }),
    lagSeconds: t.exposeFloat('lagSeconds', { description: 'Age of the oldest of them.' }),
    parkedStreams: t.exposeInt('parkedStreams', {
      description: 'Streams with an event that it can not fold: their rows stand still before it.',
    }),
    rebuild: t.expose('rebuild', { type: ProjectionRebuild, nullable: true, description: 'Where one is under way.' }),
  }),
});

builder.queryField('projections', t =>
  t.field({
    type: [Projection],
    nullable: true,
    rule: 'staff',
    description: 'State of every read model (staff).',
    resolve: async (_root, _args, context) => {
      const { position, state } = await context.dependencies.projections(undefined);
      context.responsePosition.read(position);
      return [...state];
    },
  }),
);

builder.subscriptionField('projectionsUpdated', t =>
  t.field({
    type: [Projection],
    rule: 'staff',
    sharing: 'role',
    description: 'Read-model state whenever it changes, at most twice a second (staff).',
    subscribe: (_root, _args, context) => {
      const { dependencies: parts, logger } = context;
      return watchState(startAfter(context, undefined), {
        read: parts.projections,
        beat: parts.projectionBeat,
        logger,
      });
    },
    resolve: ({ state }: StateFrame<readonly ProjectionStatus[]>) => [...state],
  }),
);
