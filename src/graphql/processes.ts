import type { RunningProcess } from '../operator/processes.ts';
import { builder } from './builder.ts';

declare module './dependencies.ts' {
  interface Dependencies {
    readonly processes: () => Promise<readonly RunningProcess[]>;
  }
}

const ProcessRole = builder.enumType('ProcessRole', {
  description: 'What a process does.',
  values: {
    API: { value: 'api', description: 'It serves this API.' },
    PROJECTOR: {
      value: 'projector',
      description: 'It folds the log into the read models, or waits to take over from another process that does.',
    },
  },
});

const Process = builder.objectRef<RunningProcess>('Process').implement({
  description:
    'A running process of Orderstream. Each process reports itself every 5 seconds. One that has not done so for 15 seconds is left out.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    id: t.exposeID('id', { description: 'The id of the process. A process that is started again has a new one.' }),
    release: t.exposeString('release', {
      description: 'The version of Orderstream that the process runs, for example 1.4.0.',
    }),
    host: t.exposeString('host', { description: 'The host name of the machine or container.' }),
    roles: t.field({
      type: [ProcessRole],
      description: 'What the process does.',
      resolve: ({ roles }) => roles.map(role => (role === 'projector' ? 'projector' : 'api')),
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'The time at which the process started.' }),
    lastSeenAt: t.expose('seenAt', { type: 'DateTime', description: 'The time of its last report.' }),
    sockets: t.exposeInt('sockets', { description: 'The number of open WebSockets at its last report.' }),
    subscriptions: t.exposeInt('subscriptions', {
      description: 'The number of open subscriptions at its last report.',
    }),
    lagEvents: t.expose('lagEvents', {
      type: 'SafeInt',
      description:
        'The number of stored events that were not in the read models yet when it reported itself. A process that reads a lagging standby sees more than others.',
    }),
  }),
});

builder.queryField('processes', t =>
  t.field({
    type: [Process],
    nullable: true,
    rule: 'staff',
    description: 'Lists the running processes, the oldest first (staff only).',
    resolve: async (_root, _args, context) => [...(await context.dependencies.processes())],
  }),
);
