import {
  type FieldNode,
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Whether the answer of the field being resolved has this field in it: so that what nobody asked for is not read. */
export function selects(info: GraphQLResolveInfo, fieldName: string): boolean {
  return info.fieldNodes.some(field => setSelects(info, field.selectionSet, fieldName));
}

function setSelects(info: GraphQLResolveInfo, set: SelectionSetNode | undefined, fieldName: string): boolean {
  return (
    set?.selections.some(selection => included(info, selection) && selectionHas(info, selection, fieldName)) ?? false
  );
}

function selectionHas(info: GraphQLResolveInfo, selection: SelectionNode, fieldName: string): boolean {
  switch (selection.kind) {
    case Kind.FIELD:
      return (selection satisfies FieldNode).name.value === fieldName;
    case Kind.INLINE_FRAGMENT:
      return setSelects(info, selection.selectionSet, fieldName);
    case Kind.FRAGMENT_SPREAD:
      return setSelects(info, info.fragments[selection.name.value]?.selectionSet, fieldName);
  }
}

function included({ variableValues }: GraphQLResolveInfo, selection: SelectionNode): boolean {
  if (!selection.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] !== false;
}
