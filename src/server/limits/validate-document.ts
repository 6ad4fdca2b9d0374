import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import { fieldMergingRule } from './field-merging.ts';

/** Nobody reads more of them, and each takes time. */
const mostErrors = 20;
/** Places that an error names: one about 600 arguments of the same name names them all, where it is left to. */
const mostPlaces = 3;

/**
 * What is wrong with a document, in time that is linear in its length.
 * @param rules graphql-js's where left out; the one for merging fields is always ours
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[] = specifiedRules,
): readonly GraphQLError[] {
  const ours = rules.map(rule => (rule === OverlappingFieldsCanBeMergedRule ? fieldMergingRule : rule));
  const check = () => validate(schema, document, ours, { maxErrors: mostErrors });
  return withoutLines(document, check).map(
    ({ message, nodes, extensions }) =>
      new GraphQLError(message, { nodes: nodes?.slice(0, mostPlaces) ?? null, extensions }),
  );
}

/**
 * An error of graphql-js looks for the line of each of its places as it is made, from the start of the text: some rules
 * name hundreds of places. While the text is empty it looks at nothing; who calls has the places looked up afterwards.
 */
function withoutLines<Errors>({ loc }: DocumentNode, check: () => Errors): Errors {
  if (!loc) return check();
  const { source } = loc;
  const { body } = source;
  source.body = '';
  try {
    return check();
  } finally {
    source.body = body;
  }
}
