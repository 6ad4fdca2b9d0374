import './graphql/common-types.ts';
import './graphql/node.ts';
import './graphql/viewer.ts';
import './graphql/projection-status.ts';
import './graphql/parked-streams.ts';
import './graphql/processes.ts';
import './graphql/stored-events.ts';
import './graphql/operator-mutations.ts';
import { builder } from './graphql/builder.ts';
import { declareRejectionReasons } from './graphql/command-errors.ts';
import { commandDeciders, slices } from './slices.ts';

// One after another: schema.graphql is printed in this order.
for (const { declareApi } of slices) await declareApi();
declareRejectionReasons(commandDeciders);

/** The GraphQL schema. Importing this file opens no connection. */
export const schema = builder.toSchema({ sortSchema: false });
