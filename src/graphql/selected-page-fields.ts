import {
  type FieldNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { PageRequest } from './page-arguments.ts';

/** Parts of a page that are read only if the operation selects them. */
export interface SelectedPageFields {
  /** Whether `totalCount` is selected. */
  readonly count: boolean;
  /**
   * Whether the flag for rows on the other side of the cursor is selected: `hasPreviousPage` if the page is read
   * forwards, otherwise `hasNextPage`.
   */
  readonly otherSide: boolean;
  /** The names of the fields that are selected on the rows. */
  readonly nodeFields: ReadonlySet<string>;
}

/** The names of the selected fields of a list. */
interface Selection {
  readonly page: ReadonlySet<string>;
  readonly pageInfo: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}

/**
 * Only selections without directives, because these are the same for all variables. The cache saves work if each row
 * of a list contains another list.
 */
const cachedSelections = new WeakMap<GraphQLResolveInfo['fieldNodes'], Selection>();

/** The selected parts of the list being resolved. Each fragment is visited once, however often it is spread. */
export function selectedPageFields(
  info: GraphQLResolveInfo,
  { backwards }: Pick<PageRequest, 'backwards'>,
): SelectedPageFields {
  const { page, pageInfo, nodes } = cachedSelections.get(info.fieldNodes) ?? selectionOf(info);
  const otherSide = backwards ? 'hasNextPage' : 'hasPreviousPage';
  return { count: page.has('totalCount'), otherSide: pageInfo.has(otherSide), nodeFields: nodes };
}

function selectionOf(info: GraphQLResolveInfo): Selection {
  const visit: Visit = { hasDirective: false };
  const below = (parents: readonly FieldNode[], ...names: readonly string[]): FieldNode[] =>
    fieldsOf(
      info,
      parents.filter(field => names.includes(field.name.value)),
      visit,
    );
  const page = fieldsOf(info, info.fieldNodes, visit);
  const nodes = [...below(page, 'nodes'), ...below(below(page, 'edges'), 'node')];
  const selection = { page: namesOf(page), pageInfo: namesOf(below(page, 'pageInfo')), nodes: namesOf(nodes) };
  if (!visit.hasDirective) cachedSelections.set(info.fieldNodes, selection);
  return selection;
}

function namesOf(fields: readonly FieldNode[]): ReadonlySet<string> {
  return new Set(fields.map(field => field.name.value));
}

interface Visit {
  /** Whether a selection had a directive: then the selected fields depend on the variables. */
  hasDirective: boolean;
}

/** The fields that are selected on the objects of these fields, including those in fragments. */
function fieldsOf(info: GraphQLResolveInfo, parents: readonly FieldNode[], visit: Visit): FieldNode[] {
  const fields: FieldNode[] = [];
  const fragments = new Set<string>();
  const sets: (SelectionSetNode | undefined)[] = parents.map(field => field.selectionSet);
  for (let set = sets.pop(); set !== undefined || sets.length > 0; set = sets.pop()) {
    for (const selection of set?.selections ?? []) {
      visit.hasDirective ||= (selection.directives?.length ?? 0) > 0;
      if (!isIncluded(info, selection)) continue;
      if (selection.kind === Kind.FIELD) fields.push(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) sets.push(selection.selectionSet);
      else if (!fragments.has(selection.name.value)) {
        fragments.add(selection.name.value);
        sets.push(info.fragments[selection.name.value]?.selectionSet);
      }
    }
  }
  return fields;
}

function isIncluded(
  { variableValues }: GraphQLResolveInfo,
  selection: SelectionSetNode['selections'][number],
): boolean {
  if (!selection.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] !== false;
}
