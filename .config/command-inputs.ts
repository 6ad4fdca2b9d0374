import {
  type GraphQLInputObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
} from 'graphql';

/**
 * The content of src/client/command-inputs.ts: the input of each mutation as a TypeScript type, the errors, and the
 * fields that commands select.
 * @param scalars the TypeScript type of each scalar
 */
export function commandInputs(schema: GraphQLSchema, scalars: Readonly<Record<string, string>>): string {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ type }) =>
    changesEntity(type),
  );
  const commands = mutations.map(({ name, type, args }) => {
    const input = args.find(arg => arg.name === 'input');
    if (input === undefined) throw new Error(`${name} has no argument "input"`);
    return { name, result: type, input: getNamedType(input.type) as GraphQLInputObjectType, entity: entityOf(type) };
  });
  const entities = [...new Map(commands.map(({ entity }) => [entity.name, entity])).values()];
  const declarations = new Map<string, string>();
  for (const { input } of commands) declare(input, scalars, declarations);
  const members = new Set(commands.flatMap(({ result }) => membersOf(result)));
  const errors = [...members].filter(type => type.getInterfaces().some(({ name }) => name === 'CommandError'));
  for (const error of errors) declare(error, scalars, declarations);
  return `// Written by codegen.ts from the schema.

/** The input of each command, by the name of its mutation. */
export interface CommandInputs {${commands.map(({ name, input }) => `readonly ${name}: ${input.name};`).join('')}}

/** The type of the object that each command creates or changes. */
export const commandTypes = {${commands.map(({ name, entity }) => `${name}: '${entity.name}',`).join('')}} as const satisfies Record<keyof CommandInputs, string>;

/** The fields of each of these types that its version covers, without other objects. */
export const ownFields = {${entities.map(entity => `${entity.name}: '${ownFields(entity)}',`).join('')}} as const;

/** The fields of each error. The state of the object has the fields of a fragment \`State\`. */
export const errorFields =
  '${errors.map(error => `...on ${error.name}{${ownFields(error)}}`).join('')}';

/** Why a command was not accepted. */
export type CommandError = ${errors.map(({ name }) => name).join(' | ')};

${[...declarations.values()].join('\n\n')}
`;
}

/** What operators do about the read models changes no entity, so it is no command for a client's cache or queue. */
function changesEntity(result: GraphQLOutputType): boolean {
  return getNamedType(result).name !== 'OperatorCommandResult';
}

/** The entity in the payload of a command: its field is named after the type, and its id is beside it. */
function entityOf(result: GraphQLOutputType): GraphQLObjectType {
  const payloads = membersOf(result).filter(({ name }) => name.endsWith('CommandPayload'));
  const fields = payloads[0]?.getFields() ?? {};
  const entity = Object.values(fields).find(({ type }) => isNode(getNamedType(type)));
  const type = entity && (getNamedType(entity.type) as GraphQLObjectType);
  if (type === undefined || entity?.name !== type.name.toLowerCase() || !(`${entity.name}Id` in fields)) {
    throw new Error(`${String(result)} has no payload with an entity and its id`);
  }
  return type;
}

function membersOf(result: GraphQLOutputType): readonly GraphQLObjectType[] {
  const union = getNamedType(result);
  if (!isUnionType(union)) throw new Error(`${union.name} is no union`);
  return union.getTypes();
}

function isNode(type: GraphQLNamedType): boolean {
  return isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node');
}

function ownFields(type: GraphQLObjectType): string {
  return Object.values(type.getFields())
    .filter(({ args }) => args.length === 0)
    .map(field => selection(field.name, getNamedType(field.type)))
    .filter(text => text !== '')
    .join(' ');
}

function selection(name: string, type: GraphQLNamedType): string {
  if (type.name === 'Node') return `${name}{...State}`;
  if (isLeafType(type)) return name;
  // The projector's sums over the customer's orders change while the customer does not.
  if (!isObjectType(type) || isNode(type) || type.name === 'CustomerOrderTotals') return '';
  return `${name}{${ownFields(type)}}`;
}

/** Adds the declarations of a type and of all types of its fields. */
function declare(type: GraphQLNamedType, scalars: Readonly<Record<string, string>>, texts: Map<string, string>): void {
  if (texts.has(type.name) || !(isEnumType(type) || isInputObjectType(type) || isObjectType(type))) return;
  texts.set(type.name, declaration(type, scalars));
  if (!isEnumType(type)) for (const field of fieldsOf(type)) declare(getNamedType(field.type), scalars, texts);
}

interface Field {
  readonly name: string;
  readonly description: string;
  readonly type: GraphQLType;
  readonly isOptional: boolean;
}

function fieldsOf(type: GraphQLInputObjectType | GraphQLObjectType): Field[] {
  if (isObjectType(type)) return Object.values(type.getFields()).map(field => described(field, false));
  return Object.values(type.getFields()).map(field => described(field, !isRequiredInputField(field)));
}

function described(
  { name, description, type }: { name: string; description?: string | null | undefined; type: GraphQLType },
  isOptional: boolean,
): Field {
  return { name, description: description ?? '', type, isOptional };
}

function declaration(type: GraphQLNamedType, scalars: Readonly<Record<string, string>>): string {
  const description = type.description ? `/** ${type.description} */\n` : '';
  if (isEnumType(type)) {
    return `${description}export type ${type.name} = ${type
      .getValues()
      .map(({ name }) => `'${name}'`)
      .join(' | ')};`;
  }
  const fields = fieldsOf(type as GraphQLInputObjectType | GraphQLObjectType).map(field => {
    const text = typeText(field.type, scalars) + (field.isOptional ? ' | undefined' : '');
    return `\n/** ${field.description} */\nreadonly ${field.name}${field.isOptional ? '?' : ''}: ${text};`;
  });
  const isMember = isObjectType(type) && type.getInterfaces().length > 0;
  const typename = isMember ? [`readonly __typename: '${type.name}';`] : [];
  return `${description}export interface ${type.name} {${[...typename, ...fields].join('\n')}}`;
}

function typeText(type: GraphQLType, scalars: Readonly<Record<string, string>>): string {
  if (isNonNullType(type)) return typeText(type.ofType, scalars).replace(/ \| null$/, '');
  if (isListType(type)) return `readonly (${typeText(type.ofType, scalars)})[] | null`;
  const { name } = type;
  const builtIn: Record<string, string> = { String: 'string', Int: 'number', Float: 'number', Boolean: 'boolean' };
  // The current state of an entity: its fields are those that the command selects.
  if (name === 'Node')
    return '{ readonly __typename: string; readonly id: string; readonly [field: string]: unknown } | null';
  return `${scalars[name] ?? builtIn[name] ?? name} | null`;
}
