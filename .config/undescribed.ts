import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql';

interface Described {
  readonly description?: string | null | undefined;
}

/** Coordinates of visible types, fields, arguments, enum values and directives without a description. */
export function undescribed(schema: GraphQLSchema): string[] {
  const seen: [coordinate: string, Described][] = [];
  for (const directive of schema.getDirectives()) {
    if (isSpecifiedDirective(directive)) continue;
    seen.push([`@${directive.name}`, directive]);
    for (const argument of directive.args) seen.push([`@${directive.name}(${argument.name}:)`, argument]);
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (isSpecifiedScalarType(type) || isIntrospectionType(type)) continue;
    seen.push([type.name, type]);
    if (isEnumType(type)) for (const value of type.getValues()) seen.push([`${type.name}.${value.name}`, value]);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) seen.push([`${type.name}.${field.name}`, field]);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        seen.push([`${type.name}.${field.name}`, field]);
        for (const argument of field.args) seen.push([`${type.name}.${field.name}(${argument.name}:)`, argument]);
      }
    }
  }
  return seen.filter(([, { description }]) => !description?.trim()).map(([coordinate]) => coordinate);
}
