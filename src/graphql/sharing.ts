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
 * Among whom a field's answer may be shared. `role`: every staff member gets the same, and each customer their own.
 * Undeclared, it is the viewer's alone: a forgotten declaration costs time, never a secret.
 */
export type Sharing = 'role' | 'viewer';

/** Carries what is declared into the schema, where it is read when somebody subscribes. */
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

const known = new WeakMap<DocumentNode, Sharing>();

/** Among whom the answers to a document may be shared: as few as any of its fields says. */
export function sharingOf(schema: GraphQLSchema, document: DocumentNode): Sharing {
  const before = known.get(document);
  if (before) return before;
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
  known.set(document, narrowest);
  return narrowest;
}

SchemaBuilder.registerPlugin('sharing', SharingPlugin);

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      sharing: SharingPlugin<Types>;
    }
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** Among whom the answers of its fields may be shared. */
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
      /** Among whom its answers may be shared, where that is not as its type says. */
      sharing?: Sharing;
    }
  }
}
