import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { codedError, limitExceeded } from './coded-error.ts';

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
  if (!limits.introspection) {
    visit(document, {
      Field({ name }) {
        if (name.value !== '__schema' && name.value !== '__type') return;
        throw codedError('GRAPHQL_VALIDATION_FAILED', 'Introspection is off here: read schema.graphql.');
      },
    });
  }
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
