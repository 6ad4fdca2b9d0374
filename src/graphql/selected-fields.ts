import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Results for selections without directives, by field name: a list asks the same for each of its objects. */
const resultsByFieldNodes = new WeakMap<GraphQLResolveInfo['fieldNodes'], Map<string, boolean>>();

/** Whether the response to the field being resolved contains this field. What is not selected is not read. */
export function selectsField(info: GraphQLResolveInfo, fieldName: string): boolean {
  const results = resultsByFieldNodes.get(info.fieldNodes) ?? new Map<string, boolean>();
  const cached = results.get(fieldName);
  if (cached !== undefined) return cached;
  const walk = new SelectionWalk(info, fieldName);
  const selected = info.fieldNodes.some(field => walk.finds(field.selectionSet));
  // With a directive the result may differ for other variables, so it is not cached.
  if (!walk.foundDirective) resultsByFieldNodes.set(info.fieldNodes, results.set(fieldName, selected));
  return selected;
}

/** Walks through a selection. It visits each fragment once, however often it is spread. */
class SelectionWalk {
  readonly #info: GraphQLResolveInfo;
  readonly #fieldName: string;
  readonly #fragments = new Set<string>();
  foundDirective = false;

  constructor(info: GraphQLResolveInfo, fieldName: string) {
    this.#info = info;
    this.#fieldName = fieldName;
  }

  finds(set: SelectionSetNode | undefined): boolean {
    return set?.selections.some(selection => this.#isIncluded(selection) && this.#has(selection)) ?? false;
  }

  #has(selection: SelectionNode): boolean {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value === this.#fieldName;
      case Kind.INLINE_FRAGMENT:
        return this.finds(selection.selectionSet);
      case Kind.FRAGMENT_SPREAD: {
        const { value: name } = selection.name;
        if (this.#fragments.has(name)) return false;
        this.#fragments.add(name);
        return this.finds(this.#info.fragments[name]?.selectionSet);
      }
    }
  }

  #isIncluded(selection: SelectionNode): boolean {
    if (selection.directives?.length) this.foundDirective = true;
    return isIncluded(this.#info, selection);
  }
}

/** Whether the directives `@skip` and `@include` leave the selection in the operation. */
export function isIncluded({ variableValues }: GraphQLResolveInfo, selection: SelectionNode): boolean {
  if (!selection.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] !== false;
}
