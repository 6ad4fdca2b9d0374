import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { codedError, limitExceeded } from '../../graphql/coded-error.ts';

export interface DocumentLimits {
  readonly tokens: number;
  readonly depth: number;
  readonly aliases: number;
  /** Whether introspection is allowed. */
  readonly introspection: boolean;
}

interface Measure {
  readonly depth: number;
  readonly aliases: number;
}

/**
 * Rejects documents that would be slow to validate, so it runs before validation. It limits the depth and the number
 * of aliases; a fragment counts each time it is spread, but is measured only once, so the time is linear to the
 * length of the document.
 * @throws LIMIT_EXCEEDED, GRAPHQL_VALIDATION_FAILED if it contains introspection and that is off
 */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const measures = new Map<string, Measure>();
  checkIntrospection(document, limits);
  // Includes fragments that no operation spreads: they are validated, too.
  for (const { selectionSet } of [...operations, ...fragments.values()]) {
    const { depth, aliases } = measure(selectionSet, fragments, measures);
    if (depth > limits.depth) {
      throw limitExceeded(`Fields are nested at most ${limits.depth} levels deep.`, limits.depth, { name: 'depth' });
    }
    if (aliases > limits.aliases) {
      throw limitExceeded(`An operation has at most ${limits.aliases} aliases.`, limits.aliases, { name: 'aliases' });
    }
  }
}

/**
 * Introspection fields cost nothing, so they may not have aliases: fifty of one, each of the full size, take half a
 * second.
 * @throws LIMIT_EXCEEDED if they have an alias, GRAPHQL_VALIDATION_FAILED if introspection is off
 */
function checkIntrospection(document: DocumentNode, { introspection }: DocumentLimits): void {
  /** Number of enclosing nodes whose fields are introspection fields. */
  let introspectionDepth = 0;
  visit(document, {
    enter(node) {
      const enters = isIntrospection(node);
      if (enters && node.kind === Kind.FIELD && !introspection) {
        throw codedError('GRAPHQL_VALIDATION_FAILED', 'Introspection is off on this server: see schema.graphql.');
      }
      if (enters) introspectionDepth++;
      if (introspectionDepth > 0 && node.kind === Kind.FIELD && node.alias) {
        throw limitExceeded('Introspection fields may not have aliases.', 0, { name: 'aliases' });
      }
    },
    leave(node) {
      if (isIntrospection(node)) introspectionDepth--;
    },
  });
}

function isIntrospection(node: ASTNode): boolean {
  if (node.kind === Kind.FIELD) return node.name.value === '__schema' || node.name.value === '__type';
  const isFragment = node.kind === Kind.FRAGMENT_DEFINITION || node.kind === Kind.INLINE_FRAGMENT;
  return isFragment && (node.typeCondition?.name.value.startsWith('__') ?? false);
}

function measure(
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measures: Map<string, Measure>,
): Measure {
  let depth = 0;
  let aliases = 0;
  for (const selection of selections) {
    let inner: Measure = { depth: 0, aliases: 0 };
    if (selection.kind === Kind.FRAGMENT_SPREAD) inner = measureFragment(selection.name.value, fragments, measures);
    else if (selection.selectionSet) inner = measure(selection.selectionSet, fragments, measures);
    depth = Math.max(depth, inner.depth + Number(selection.kind === Kind.FIELD));
    aliases += inner.aliases + Number(selection.kind === Kind.FIELD && selection.alias !== undefined);
  }
  return { depth, aliases };
}

function measureFragment(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measures: Map<string, Measure>,
): Measure {
  const measured = measures.get(name);
  if (measured) return measured;
  // Ends the recursion for a fragment that spreads itself, directly or not; validation reports it.
  measures.set(name, { depth: 0, aliases: 0 });
  const fragment = fragments.get(name);
  const result = fragment ? measure(fragment.selectionSet, fragments, measures) : { depth: 0, aliases: 0 };
  measures.set(name, result);
  return result;
}
