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

/** What of a page is read only if the operation asks for it. */
export interface SelectedPageFields {
  /** `totalCount`. */
  readonly count: boolean;
  /** Whether rows are on the cursor's other side: `hasPreviousPage` of a page that is read forwards, else `hasNextPage`. */
  readonly otherSide: boolean;
  /** Fields of the list's rows, by name. */
  readonly ofNodes: ReadonlySet<string>;
}

/** What of a list is selected, by field names. */
interface Selection {
  readonly page: ReadonlySet<string>;
  readonly pageInfo: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}

/** Selections without directives, which are the same for each request: a list may be below each row of another one. */
const known = new WeakMap<GraphQLResolveInfo['fieldNodes'], Selection>();

/** What the operation asks for of the list being resolved. Each fragment is read once, however often it is spread. */
export function selectedPageFields(
  info: GraphQLResolveInfo,
  { backwards }: Pick<PageRequest, 'backwards'>,
): SelectedPageFields {
  const { page, pageInfo, nodes } = known.get(info.fieldNodes) ?? selectionOf(info);
  const otherSide = backwards ? 'hasNextPage' : 'hasPreviousPage';
  return { count: page.has('totalCount'), otherSide: pageInfo.has(otherSide), ofNodes: nodes };
}

function selectionOf(info: GraphQLResolveInfo): Selection {
  const met = { directive: false };
  const below = (parents: readonly FieldNode[], ...names: readonly string[]): FieldNode[] =>
    fieldsOf(
      info,
      parents.filter(field => names.includes(field.name.value)),
      met,
    );
  const page = fieldsOf(info, info.fieldNodes, met);
  const nodes = [...below(page, 'nodes'), ...below(below(page, 'edges'), 'node')];
  const selection = { page: namesOf(page), pageInfo: namesOf(below(page, 'pageInfo')), nodes: namesOf(nodes) };
  if (!met.directive) known.set(info.fieldNodes, selection);
  return selection;
}

function namesOf(fields: readonly FieldNode[]): ReadonlySet<string> {
  return new Set(fields.map(field => field.name.value));
}

/**
 * The fields of the objects that these fields answer, those of fragments among them.
 * @param met is told of directives: with them it may be other fields for other variables
 */
function fieldsOf(info: GraphQLResolveInfo, parents: readonly FieldNode[], met: { directive: boolean }): FieldNode[] {
  const fields: FieldNode[] = [];
  const fragments = new Set<string>();
  const sets: (SelectionSetNode | undefined)[] = parents.map(field => field.selectionSet);
  for (let set = sets.pop(); set !== undefined || sets.length > 0; set = sets.pop()) {
    for (const selection of set?.selections ?? []) {
      met.directive ||= (selection.directives?.length ?? 0) > 0;
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
