import { pollState, type StateFrame } from '../live/poll-state.ts';
import type { SharedInterval } from '../live/shared-interval.ts';
import type { Projections, ProjectionStatus, RebuildStatus } from '../projections/read-projections.ts';
import type { Position } from '../event-store/position.ts';
import { builder } from './builder.ts';
import { startAfter } from './context.ts';

declare module './dependencies.ts' {
  interface Dependencies {
    /** @param after a position, to check whether it belongs to this log */
    readonly projections: (after: Position | undefined) => Promise<Projections>;
    /** Times at which subscribers read the state again. */
    readonly projectionInterval: SharedInterval;
  }
}

const ProjectionState = builder.enumType('ProjectionState', {
  description: 'The state of a read model.',
  values: {
    LIVE: { description: 'The read model follows the log.' },
    REBUILDING: {
      description: 'The read model follows the log, and a new generation of it is built at the same time.',
    },
    PAUSED: { description: 'There are events to project, but no projector is running.' },
    FAILED: { description: 'The projector fails repeatedly and cannot continue.' },
  },
});

const ProjectionRebuild = builder.objectRef<RebuildStatus>('ProjectionRebuild').implement({
  description: 'The progress of a rebuild.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    processed: t.expose('processed', { type: 'SafeInt', description: 'The number of events projected so far.' }),
    total: t.expose('total', { type: 'SafeInt', description: 'The number of events in the log.' }),
    eventsPerSecond: t.exposeFloat('eventsPerSecond', {
      description: 'The average rate since the rebuild was started or resumed.',
    }),
    etaSeconds: t.exposeFloat('etaSeconds', { nullable: true, description: 'The estimated time left, in seconds.' }),
  }),
});

const Projection = builder.objectRef<ProjectionStatus>('Projection').implement({
  description: 'A read model and its state.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    id: t.id({ description: 'The name of the read model.', resolve: ({ name }) => name }),
    name: t.exposeString('name', { description: 'The name of the read model, as `orderstream rebuild` expects it.' }),
    state: t.expose('state', { type: ProjectionState, description: 'The state of the read model.' }),
    position: t.expose('position', { type: 'Position', description: 'The position that the read model reflects.' }),
    lagEvents: t.expose('lagEvents', {
      type: 'SafeInt',
      description: 'The number of events that are stored but not yet projected.',
    }),
    lagSeconds: t.exposeFloat('lagSeconds', {
      description: 'The age of the oldest event that is not yet projected, in seconds.',
    }),
    parkedStreams: t.exposeInt('parkedStreams', {
      description:
        'The number of parked streams: one of their events cannot be projected, so their rows are no longer updated.',
    }),
    rebuild: t.expose('rebuild', {
      type: ProjectionRebuild,
      nullable: true,
      description: 'The running rebuild. Null if there is none.',
    }),
  }),
});

builder.queryField('projections', t =>
  t.field({
    type: [Projection],
    nullable: true,
    rule: 'staff',
    description: 'Returns the state of every read model (staff only).',
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
    description: 'Sends the state of all read models after each change, at most twice a second (staff only).',
    subscribe: (_root, _args, context) => {
      const { dependencies: parts, logger } = context;
      return pollState(startAfter(context, undefined), {
        read: parts.projections,
        interval: parts.projectionInterval,
        logger,
      });
    },
    resolve: ({ state }: StateFrame<readonly ProjectionStatus[]>) => [...state],
  }),
);
