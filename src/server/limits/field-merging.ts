import {
  type ASTVisitor,
  type FieldNode,
  getNamedType,
  GraphQLError,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  Kind,
  print,
  type SelectionSetNode,
  type ValidationContext,
  type ValueNode,
} from 'graphql';
import { limitExceeded } from '../../graphql/coded-error.ts';

/** Fields that one document may put together, with each fragment counted at each place where it adds fields. */
const mostFields = 20_000;

/** A selection set and the type that its fields are of. */
interface Scope {
  readonly set: SelectionSetNode;
  readonly parent: GraphQLNamedType | undefined;
}

interface Selected {
  readonly node: FieldNode;
  readonly parent: GraphQLNamedType | undefined;
  readonly type: GraphQLOutputType | undefined;
}

/**
 * The rule "fields in a set can merge" of the specification, in place of graphql-js's OverlappingFieldsCanBeMergedRule,
 * which compares each field of a name with each other one: 490 times `viewer{role}` take it 0.2 s. Here each field is
 * compared with the first one of its name, which is enough since "is the same as" is transitive, and a set of selection
 * sets that was checked is not checked again.
 */
export function fieldMergingRule(context: ValidationContext): ASTVisitor {
  const check = new MergeCheck(context);
  return {
    OperationDefinition({ operation, selectionSet }) {
      check.operation({ set: selectionSet, parent: context.getSchema().getRootType(operation) ?? undefined });
    },
  };
}

class MergeCheck {
  readonly #context: ValidationContext;
  readonly #numbers = new Map<SelectionSetNode, number>();
  readonly #sameFieldsChecked = new Set<string>();
  readonly #sameShapesChecked = new Set<string>();
  readonly #reported = new Set<FieldNode>();
  readonly #questions = new Map<FieldNode, string>();
  #fields = 0;

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  operation(scope: Scope): void {
    if (this.#fields > mostFields) return;
    this.#checkSameFields([scope]);
    this.#checkSameShapes([scope]);
    if (this.#fields <= mostFields) return;
    const message = `The fragments of a document put at most ${mostFields} fields together.`;
    this.#context.reportError(limitExceeded(message, mostFields, { name: 'fields' }));
  }

  /** Fields of one name that can be of one object ask for the same field with the same arguments. */
  #checkSameFields(scopes: readonly Scope[]): void {
    if (!this.#isNew(scopes, this.#sameFieldsChecked)) return;
    for (const [key, fields] of this.#collect(scopes)) {
      for (const group of byObjectType(fields)) {
        const [first] = group;
        for (const one of group) {
          if (one.node.name.value !== first.node.name.value) {
            this.#report(
              key,
              first,
              one,
              `"${first.node.name.value}" and "${one.node.name.value}" are different fields`,
            );
          } else if (this.#question(one.node) !== this.#question(first.node)) {
            this.#report(key, first, one, 'they have differing arguments');
          }
        }
        this.#checkSameFields(below(group));
      }
    }
  }

  /** Fields of one name have values of one form, of whatever objects they are: a response has them at one place. */
  #checkSameShapes(scopes: readonly Scope[]): void {
    if (!this.#isNew(scopes, this.#sameShapesChecked)) return;
    for (const [key, fields] of this.#collect(scopes)) {
      const first = fields.find(({ type }) => type !== undefined);
      for (const one of fields) {
        if (!first?.type || !one.type || shapeOf(one.type) === shapeOf(first.type)) continue;
        this.#report(
          key,
          first,
          one,
          `they return conflicting types "${String(first.type)}" and "${String(one.type)}"`,
        );
      }
      this.#checkSameShapes(below(fields));
    }
  }

  #isNew(scopes: readonly Scope[], checked: Set<string>): boolean {
    if (scopes.length === 0 || this.#fields > mostFields) return false;
    const numbers = new Set(scopes.map(({ set }) => this.#numberOf(set)));
    const key = [...numbers].sort((one, other) => one - other).join();
    if (checked.has(key)) return false;
    checked.add(key);
    return true;
  }

  #numberOf(set: SelectionSetNode): number {
    const number = this.#numbers.get(set) ?? this.#numbers.size;
    this.#numbers.set(set, number);
    return number;
  }

  /** By the name that the response has them under; each fragment once. */
  #collect(scopes: readonly Scope[]): ReadonlyMap<string, [Selected, ...Selected[]]> {
    const found = new Map<string, [Selected, ...Selected[]]>();
    const done = new Set<SelectionSetNode>();
    const visit = ({ set, parent }: Scope): void => {
      if (done.has(set)) return;
      done.add(set);
      for (const selection of set.selections) {
        if (++this.#fields > mostFields) return;
        if (selection.kind === Kind.FIELD) {
          const key = selection.alias?.value ?? selection.name.value;
          const one = { node: selection, parent, type: fieldType(parent, selection.name.value) };
          const before = found.get(key);
          if (before) before.push(one);
          else found.set(key, [one]);
          continue;
        }
        const fragment =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#context.getFragment(selection.name.value);
        const condition = fragment?.typeCondition?.name.value;
        if (!fragment) continue;
        visit({
          set: fragment.selectionSet,
          parent: condition === undefined ? parent : this.#context.getSchema().getType(condition),
        });
      }
    };
    for (const scope of scopes) visit(scope);
    return found;
  }

  /** A field's arguments, in one form whatever order they were written in. */
  #question(node: FieldNode): string {
    const known = this.#questions.get(node);
    if (known !== undefined) return known;
    const written = (node.arguments ?? []).map(({ name, value }) => `${name.value}:${canonical(value)}`);
    const question = written.sort().join();
    this.#questions.set(node, question);
    return question;
  }

  #report(key: string, first: Selected, other: Selected, reason: string): void {
    if (this.#reported.has(other.node)) return;
    this.#reported.add(other.node);
    const advice = 'Use different aliases on the fields to fetch both if this was intentional.';
    this.#context.reportError(
      new GraphQLError(`Fields "${key}" conflict because ${reason}. ${advice}`, { nodes: [first.node, other.node] }),
    );
  }
}

/** Those that one object may have: the fields of an interface go with those of each object type. */
function byObjectType(fields: readonly [Selected, ...Selected[]]): readonly (readonly [Selected, ...Selected[]])[] {
  const groups = new Map<GraphQLObjectType, [Selected, ...Selected[]]>();
  const ofAny: Selected[] = [];
  for (const one of fields) {
    if (!isObjectType(one.parent)) {
      ofAny.push(one);
      continue;
    }
    const group = groups.get(one.parent);
    if (group) group.push(one);
    else groups.set(one.parent, [one]);
  }
  if (groups.size === 0) return [fields];
  for (const group of groups.values()) group.push(...ofAny);
  return [...groups.values()];
}

function below(fields: readonly Selected[]): readonly Scope[] {
  return fields.flatMap(({ node: { selectionSet }, type }) =>
    selectionSet ? [{ set: selectionSet, parent: type && getNamedType(type) }] : [],
  );
}

function fieldType(parent: GraphQLNamedType | undefined, name: string): GraphQLOutputType | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined;
}

/** Its lists and what may not be null; of what has fields, these are compared one by one. */
function shapeOf(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  return isLeafType(named) ? String(type) : String(type).replace(named.name, '{}');
}

function canonical(value: ValueNode): string {
  switch (value.kind) {
    case Kind.OBJECT:
      return `{${value.fields
        .map(field => `${field.name.value}:${canonical(field.value)}`)
        .sort()
        .join()}}`;
    case Kind.LIST:
      return `[${value.values.map(canonical).join()}]`;
    default:
      return print(value);
  }
}
