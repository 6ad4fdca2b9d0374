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

/** A field below a root, and the path to it. */
export interface FieldPath {
  /** `Type.field` */
  readonly coordinate: string;
  /** The audience of the root: the fields below it have the same. */
  readonly audience: Audience;
  readonly kind: Kind;
  readonly root: GraphQLField<unknown, unknown>;
  /** From the root to the field: field names, and `... on Type`. */
  readonly steps: readonly string[];
}

type Fields = GraphQLObjectType | GraphQLInterfaceType;
type Way = Pick<FieldPath, 'kind' | 'root' | 'steps'>;

/** `viewer.customer`: null for staff. The fields of a customer are reached by `customer`. */
const ownOnly = 'Viewer.customer';

const types = Object.values(schema.getTypeMap()).filter(
  (type): type is Fields => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'),
);
const rootTypes = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

/** Every field below the roots: a path must lead to each. */
export const coordinates = types
  .filter(type => !rootTypes.includes(type as GraphQLObjectType))
  .flatMap(type => Object.keys(type.getFields()).map(name => `${type.name}.${name}`));

/**
 * For each audience the shortest path to each field that its roots reach: queries and subscriptions directly, command
 * results by the given mutations, which must have that outcome.
 */
export function fieldPaths(outcomes: Readonly<Record<string, { root: string; audience: Audience }>>): FieldPath[] {
  const reading = rootFields.filter(({ kind }) => kind !== 'mutation');
  // Fields that need only an id (`node`, an error's `current`) have their own root.
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

/** The nested selection of the steps. */
export function selectionOf({ coordinate, steps }: FieldPath): string {
  const [name = '', field = ''] = coordinate.split('.');
  const type = (schema.getType(name) as Fields).getFields()[field]!.type;
  const last = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
  return steps.reduceRight((below, step) => ` { __typename ${step}${below} }`, last);
}

/** The value at the end of the steps, with the first element of each list; `undefined` if it is missing. */
export function valueAt(answered: unknown, steps: readonly string[]): unknown {
  const names = steps.filter(step => !step.startsWith('... on '));
  return names.reduce((value, name) => {
    const one = (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | null | undefined;
    return one?.[name];
  }, answered);
}
