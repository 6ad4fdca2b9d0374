import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';
import type { PageRequest } from './page-arguments.ts';
import { isIncluded } from './selected-fields.ts';

/** Parts of a page that are read only if the operation selects them. */
export interface SelectedPageFields {
  /** Whether `totalCount` is selected. */
  readonly count: boolean;
  /**
   * Whether the flag for rows on the other side of the cursor is selected: `hasPreviousPage` if the page is read
   * forwards, otherwise `hasNextPage`.
   */
  readonly otherSide: boolean;
  /** Whether the field that needs the joined rows is selected. */
  readonly joined: boolean;
}

/**
 * The selected parts of the list being resolved. Each fragment is visited once, however often it is spread.
 * @param joinedField the field of a row that needs its joined row
 */
export function selectedPageFields(
  info: GraphQLResolveInfo,
  { backwards }: Pick<PageRequest, 'backwards'>,
  joinedField?: string,
): SelectedPageFields {
  const fields = fieldsOf(info, info.fieldNodes);
  const pageInfo = fields.filter(field => field.name.value === 'pageInfo');
  const edges = fields.filter(field => field.name.value === 'edges');
  const rows = [...fields, ...fieldsOf(info, edges)].filter(
    ({ name }) => name.value === 'nodes' || name.value === 'node',
  );
  const otherSide = backwards ? 'hasNextPage' : 'hasPreviousPage';
  return {
    count: fields.some(field => field.name.value === 'totalCount'),
    otherSide: fieldsOf(info, pageInfo).some(field => field.name.value === otherSide),
    joined: joinedField !== undefined && fieldsOf(info, rows).some(field => field.name.value === joinedField),
  };
}

/** The fields that are selected on the objects of these fields, including those in fragments. */
function fieldsOf(info: GraphQLResolveInfo, parents: readonly FieldNode[]): FieldNode[] {
  const fields: FieldNode[] = [];
  const fragments = new Set<string>();
  const sets: (SelectionSetNode | undefined)[] = parents.map(field => field.selectionSet);
  for (let set = sets.pop(); set !== undefined || sets.length > 0; set = sets.pop()) {
    for (const selection of set?.selections ?? []) {
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
