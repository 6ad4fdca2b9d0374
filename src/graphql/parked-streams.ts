import { type ParkedRow, readParkedPage } from '../projections/read-parked.ts';
import { builder } from './builder.ts';
import { connection, connectionType } from './connection.ts';
import type { Sort } from './cursor.ts';
import { pageArguments, pageRequest } from './page-arguments.ts';
import { waitForPosition } from './wait-for-position.ts';

const oldestFirst: Sort = { name: 'parked', value: 'integer' };

const ParkedStreamType = builder.objectRef<ParkedRow>('ParkedStream').implement({
  description:
    'A stream with an event that cannot be folded. Its rows show the state before that event. All other streams are up to date.',
  rule: 'staff',
  sharing: 'role',
  fields: t => ({
    id: t.id({
      description:
        'The id of this entry, `<stream id>@<version>`, so that client caches do not confuse it with the object itself.',
      resolve: ({ streamId, version }) => `${streamId}@${version}`,
    }),
    streamType: t.exposeString('streamType', { description: 'The type of the stream: that of an aggregate.' }),
    streamId: t.exposeID('streamId', { description: 'The id of the stream.' }),
    version: t.exposeInt('version', { description: 'The version of the event that cannot be folded.' }),
    position: t.field({
      type: 'Position',
      description: 'The position of that event.',
      resolve: ({ position, hash }) => ({ point: position, hash }),
    }),
    error: t.exposeString('error', { description: 'The error of the last attempt to fold the event.' }),
    attempts: t.exposeInt('attempts', { description: 'The number of attempts to fold the event.' }),
    triedAt: t.field({
      type: 'DateTime',
      description: 'The time of the last attempt.',
      resolve: ({ triedAt }) => new Date(triedAt),
    }),
  }),
});

const ParkedStreamConnection = connectionType(ParkedStreamType);

builder.queryField('parkedStreams', t =>
  t.field({
    type: ParkedStreamConnection,
    nullable: true,
    rule: 'staff',
    description:
      'Lists the parked streams of all read models, in the order of the events that cannot be folded (staff only). Operators retry or skip them.',
    args: {
      ...pageArguments,
      atLeast: t.arg({
        type: 'Position',
        description:
          'A position that the page has to reflect, for example that of a retry. The server waits until the read model has reached it.',
      }),
    },
    resolve: async (_root, { atLeast: argument, ...args }, context) => {
      const atLeast = argument ?? context.atLeast;
      const { limit, backwards, cursor } = pageRequest(args, oldestFirst);
      const request = { limit, backwards, cursor: cursor && Number(cursor.value), atLeast };
      const page = await waitForPosition(context, atLeast, () =>
        readParkedPage(context.dependencies.source.database, request),
      );
      return connection(context, page, oldestFirst, ({ position, streamId }) => ({ value: position, id: streamId }));
    },
  }),
);
