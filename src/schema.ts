import './graphql/common-types.ts';
import './graphql/node.ts';
import './graphql/viewer.ts';
import './graphql/projection-status.ts';
import './graphql/stored-events.ts';
import { builder } from './graphql/builder.ts';
import { declareRejectionReasons } from './graphql/command-errors.ts';
import { deciders, slices } from './slices.ts';

// One after another: schema.graphql is printed in this order.
for (const { declareApi } of slices) await declareApi();
declareRejectionReasons(deciders);

/** The GraphQL schema. Importing this file opens no connection. */
export const schema = builder.toSchema({ sortSchema: false });
