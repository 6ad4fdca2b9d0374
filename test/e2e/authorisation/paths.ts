import {
  getNamedType,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { schema } from '../../../src/schema.ts';
import { type Audience, audiences, type Kind, rootFields } from './audiences.ts';

/** One field below a root, and a way to it. */
export interface FieldPath {
  /** `Type.field` */
  readonly coordinate: string;
  /** Whom the root answers: the fields below it answer the same. */
  readonly audience: Audience;
  readonly kind: Kind;
  readonly root: GraphQLField<unknown, unknown>;
  /** From the root to the field: names of fields, and `... on Type`. */
  readonly steps: readonly string[];
}

type Fields = GraphQLObjectType | GraphQLInterfaceType;
type Way = Pick<FieldPath, 'kind' | 'root' | 'steps'>;

/** The customer that a caller is themself: null for staff. What a customer is made of is reached by `customer`. */
const ownOnly = 'Viewer.customer';

const types = Object.values(schema.getTypeMap()).filter(
  (type): type is Fields => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'),
);
const rootTypes = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

/** Every field below the roots, which a path has to lead to. */
export const coordinates = types
  .filter(type => !rootTypes.includes(type as GraphQLObjectType))
  .flatMap(type => Object.keys(type.getFields()).map(name => `${type.name}.${name}`));

/**
 * For each audience the shortest path to each field that its roots lead to: queries and subscriptions by themselves,
 * results of commands by the mutations given, which have to have that outcome.
 */
export function fieldPaths(outcomes: Readonly<Record<string, { root: string; audience: Audience }>>): FieldPath[] {
  const reading = rootFields.filter(({ kind }) => kind !== 'mutation');
  // What an id alone leads to (`node`, an error's `current`) has a root of its own.
  const read = (['anyone', 'owner', 'staff'] as const).flatMap(audience => {
    const ways = reading.filter(({ field }) => audiences[field.name] === audience);
    const first = ways.map(({ kind, field }) => [field.type, { kind, root: field, steps: [] }] as const);
    return pathsOf(audience, reached(first));
  });
  const written = Object.entries(outcomes).flatMap(([name, { root, audience }]) => {
    const { kind, field } = rootFields.find(one => one.field.name === root)!;
    const outcome = schema.getType(name) as Fields;
    const below = reached([[outcome, { kind, root: field, steps: [`... on ${name}`] }]]);
    return pathsOf(audience, below).filter(({ coordinate }) => !read.some(one => one.coordinate === coordinate));
  });
  return [...read, ...written];
}

function reached(first: readonly (readonly [GraphQLField<unknown, unknown>['type'], Way])[]): Map<Fields, Way> {
  const found = new Map<Fields, Way>();
  const next = [...first];
  for (let one = next.shift(); one !== undefined; one = next.shift()) {
    const [wrapped, way] = one;
    const type = getNamedType(wrapped);
    if (!(isObjectType(type) || isInterfaceType(type)) || found.has(type)) continue;
    found.set(type, way);
    for (const field of Object.values(type.getFields())) {
      if (field.args.some(isRequiredArgument) || `${type.name}.${field.name}` === ownOnly) continue;
      next.push([field.type, { ...way, steps: [...way.steps, field.name] }]);
    }
  }
  return found;
}

function pathsOf(audience: Audience, found: ReadonlyMap<Fields, Way>): FieldPath[] {
  return [...found].flatMap(([type, way]) =>
    Object.values(type.getFields()).map(field => ({
      ...way,
      audience,
      coordinate: `${type.name}.${field.name}`,
      steps: [...way.steps, field.name],
    })),
  );
}

/** What the steps select, one in the other. */
export function selectionOf({ coordinate, steps }: FieldPath): string {
  const [name = '', field = ''] = coordinate.split('.');
  const type = (schema.getType(name) as Fields).getFields()[field]!.type;
  const last = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
  return steps.reduceRight((below, step) => ` { __typename ${step}${below} }`, last);
}

/** What stands at the end of the steps, by the first of each list; `undefined` where it was not answered. */
export function valueAt(answered: unknown, steps: readonly string[]): unknown {
  const names = steps.filter(step => !step.startsWith('... on '));
  return names.reduce((value, name) => {
    const one = (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | null | undefined;
    return one?.[name];
  }, answered);
}
