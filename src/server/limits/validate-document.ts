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

/** More errors help no developer, and each takes time. */
const maxErrors = 20;
/** Locations per error: without a limit, an error about 600 arguments of the same name lists all of them. */
const maxLocations = 3;

/**
 * Validates a document, in time linear to its length.
 * @param rules default: graphql-js's; the rule for merging fields is always replaced by ours
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[] = specifiedRules,
): readonly GraphQLError[] {
  const linearRules = rules.map(rule => (rule === OverlappingFieldsCanBeMergedRule ? fieldMergingRule : rule));
  const check = () => validate(schema, document, linearRules, { maxErrors });
  return withoutLineLookup(document, check).map(
    ({ message, nodes, extensions }) =>
      new GraphQLError(message, { nodes: nodes?.slice(0, maxLocations) ?? null, extensions }),
  );
}

/**
 * When graphql-js creates an error, it computes the line of each location, from the start of the text; some rules
 * name hundreds of locations. While the text is empty, that costs nothing; validateDocument() creates the errors
 * again afterwards, with a few locations.
 */
function withoutLineLookup<Errors>({ loc }: DocumentNode, check: () => Errors): Errors {
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
