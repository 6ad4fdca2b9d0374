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
  /** Whether the schema may be asked what it has. */
  readonly introspection: boolean;
}

interface Measure {
  readonly depth: number;
  readonly aliases: number;
}

/**
 * Refuses what would be slow to validate already, so it comes before any rule of validation: fields within fields, and
 * aliases, with fragments as often as they are spread. A fragment is measured once, whoever spreads it how often: the
 * time is that of the document, not of what it stands for.
 * @throws LIMIT_EXCEEDED, GRAPHQL_VALIDATION_FAILED where it asks for the schema and may not
 */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const known = new Map<string, Measure>();
  checkIntrospection(document, limits);
  // Also fragments that no operation spreads: they are validated all the same.
  for (const { selectionSet } of [...operations, ...fragments.values()]) {
    const { depth, aliases } = measure(selectionSet, fragments, known);
    if (depth > limits.depth) {
      throw limitExceeded(`Fields stand at most ${limits.depth} within each other.`, limits.depth, { name: 'depth' });
    }
    if (aliases > limits.aliases) {
      throw limitExceeded(`An operation has at most ${limits.aliases} aliases.`, limits.aliases, { name: 'aliases' });
    }
  }
}

/**
 * A question about the schema costs nothing, so it has no alias: fifty of one size each take half a second together.
 * @throws LIMIT_EXCEEDED, GRAPHQL_VALIDATION_FAILED where introspection is off
 */
function checkIntrospection(document: DocumentNode, { introspection }: DocumentLimits): void {
  /** Nodes that we are in whose fields are the schema's own. */
  let around = 0;
  visit(document, {
    enter(node) {
      const begins = isOfSchema(node);
      if (begins && node.kind === Kind.FIELD && !introspection) {
        throw codedError('GRAPHQL_VALIDATION_FAILED', 'Introspection is off here: read schema.graphql.');
      }
      if (begins) around++;
      if (around > 0 && node.kind === Kind.FIELD && node.alias) {
        throw limitExceeded('A question about the schema has no aliases.', 0, { name: 'aliases' });
      }
    },
    leave(node) {
      if (isOfSchema(node)) around--;
    },
  });
}

function isOfSchema(node: ASTNode): boolean {
  if (node.kind === Kind.FIELD) return node.name.value === '__schema' || node.name.value === '__type';
  const isFragment = node.kind === Kind.FRAGMENT_DEFINITION || node.kind === Kind.INLINE_FRAGMENT;
  return isFragment && (node.typeCondition?.name.value.startsWith('__') ?? false);
}

function measure(
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Measure>,
): Measure {
  let depth = 0;
  let aliases = 0;
  for (const selection of selections) {
    let inner: Measure = { depth: 0, aliases: 0 };
    if (selection.kind === Kind.FRAGMENT_SPREAD) inner = measureFragment(selection.name.value, fragments, known);
    else if (selection.selectionSet) inner = measure(selection.selectionSet, fragments, known);
    depth = Math.max(depth, inner.depth + Number(selection.kind === Kind.FIELD));
    aliases += inner.aliases + Number(selection.kind === Kind.FIELD && selection.alias !== undefined);
  }
  return { depth, aliases };
}

function measureFragment(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Measure>,
): Measure {
  const measured = known.get(name);
  if (measured) return measured;
  // One that spreads itself, directly or not, ends here; validation says what is wrong with it.
  known.set(name, { depth: 0, aliases: 0 });
  const fragment = fragments.get(name);
  const result = fragment ? measure(fragment.selectionSet, fragments, known) : { depth: 0, aliases: 0 };
  known.set(name, result);
  return result;
}
