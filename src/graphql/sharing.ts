import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import { type DocumentNode, type GraphQLSchema, isObjectType, TypeInfo, visit, visitWithTypeInfo } from 'graphql';

/**
 * Which viewers may share one serialised response. `role`: all staff members get the same response, and so do all
 * operators; each customer gets their own. A field without a declaration is never shared between viewers, so a forgotten declaration costs
 * time but reveals nothing.
 */
export type Sharing = 'role' | 'viewer';

/** Copies the declarations into the schema's extensions, where sharingOf() reads them when a subscription starts. */
export class SharingPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(type: PothosTypeConfig): PothosTypeConfig {
    if (type.kind !== 'Object' || type.pothosOptions.sharing === undefined) return type;
    return { ...type, extensions: { ...type.extensions, sharing: type.pothosOptions.sharing } };
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const { sharing } = field.pothosOptions as { sharing?: Sharing };
    return sharing === undefined ? field : { ...field, extensions: { ...field.extensions, sharing } };
  }
}

const sharingByDocument = new WeakMap<DocumentNode, Sharing>();

/** Which viewers may share the responses to a document: the narrowest declaration of its fields. */
export function sharingOf(schema: GraphQLSchema, document: DocumentNode): Sharing {
  const cached = sharingByDocument.get(document);
  if (cached) return cached;
  const types = new TypeInfo(schema);
  let narrowest: Sharing = 'role';
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const parent = types.getParentType();
        const ofType = isObjectType(parent) ? parent.extensions['sharing'] : undefined;
        const declared = types.getFieldDef()?.extensions['sharing'] ?? ofType;
        if (declared !== 'role' && node.name.value !== '__typename') narrowest = 'viewer';
      },
    }),
  );
  sharingByDocument.set(document, narrowest);
  return narrowest;
}

SchemaBuilder.registerPlugin('sharing', SharingPlugin);

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      sharing: SharingPlugin<Types>;
    }
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** Which viewers may share responses with the fields of this type. */
      sharing?: Sharing;
    }
    export interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      ParentShape = unknown,
      Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>,
      Args extends InputFieldMap = InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
    > {
      /** Which viewers may share responses with this field, if it differs from its type. */
      sharing?: Sharing;
    }
  }
}
