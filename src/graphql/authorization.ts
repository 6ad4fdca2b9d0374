import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  PothosSchemaError,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import { type Actor, hasRight } from '../commands/decider.ts';
import { codedError, unauthenticated } from './coded-error.ts';
import type { Context } from './context.ts';

/** Which viewers may use a field. Which rows they get (for instance their own ones) is decided by the read. */
export type Rule = (typeof rules)[number];

const rules = ['authenticated', 'staff', 'operator'] as const;

/**
 * The rule of a type applies to each of its fields. `as-parent`: a viewer who may read the object may read its
 * fields.
 */
export type TypeRule = Rule | 'as-parent';

/** @throws UNAUTHENTICATED if there is no viewer, FORBIDDEN if the rule does not admit the viewer */
export function checkRule(rule: Rule, viewer: Actor | undefined): void {
  if (viewer === undefined) throw unauthenticated();
  if (!hasRight(viewer, rule)) throw codedError('FORBIDDEN', `Only ${namesOf[rule]} may do this.`);
}

/** The callers whom a rule admits, for people. */
const namesOf: { readonly [Name in Rule]: string } = {
  authenticated: 'authenticated callers',
  staff: 'staff',
  operator: 'operators',
};

const rootKinds: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/**
 * Requires one declared rule for each root field and each object type, and checks it before `resolve` and before
 * `subscribe`. The `resolve` of a subscription runs for each delivery, so the rule is checked for each delivery. The
 * schema does not build if a rule is missing, because a forgotten rule must never mean "everyone".
 */
export class AuthorizationPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(type: PothosTypeConfig): PothosTypeConfig {
    if (type.kind === 'Object' && (type.pothosOptions.rule as unknown) !== 'as-parent') {
      requireRule(type.pothosOptions.rule, type.name);
    }
    return type;
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (rootKinds.has(field.kind)) requireRule(field.pothosOptions.rule, `${field.parentType}.${field.name}`);
    return field;
  }

  override wrapResolve(resolve: Resolve<Types>, field: PothosOutputFieldConfig<Types>): Resolve<Types> {
    return guarded(this.#ruleOf(field), resolve);
  }

  override wrapSubscribe(
    subscribe: Resolve<Types> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): Resolve<Types> | undefined {
    return subscribe && guarded(this.#ruleOf(field), subscribe);
  }

  #ruleOf(field: PothosOutputFieldConfig<Types>): Rule | undefined {
    if (field.pothosOptions.rule !== undefined) return field.pothosOptions.rule;
    const type = this.builder.configStore.getTypeConfig(field.parentType);
    return type.kind === 'Object' && type.pothosOptions.rule !== 'as-parent' ? type.pothosOptions.rule : undefined;
  }
}

type Resolve<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

function requireRule(rule: unknown, where: string): void {
  if (!rules.some(one => one === rule)) {
    throw new PothosSchemaError(
      `${where} has no rule: declare which viewers may use it (see graphql/authorization.ts)`,
    );
  }
}

function guarded<Types extends SchemaTypes>(rule: Rule | undefined, resolve: Resolve<Types>): Resolve<Types> {
  if (rule === undefined) return resolve;
  return (parent, args, context, info) => {
    checkRule(rule, (context as unknown as Context).viewer);
    return resolve(parent, args, context, info);
  };
}

SchemaBuilder.registerPlugin('rules', AuthorizationPlugin);

// The same check for the compiler: a root field or an object type without a rule does not compile.
declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rules: AuthorizationPlugin<Types>;
    }
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** Which viewers may read the fields of this type. */
      rule: TypeRule;
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
      /** Which viewers may use this field, if they are fewer than those of its type. */
      rule?: Rule;
    }
    export interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      rule: Rule;
    }
    export interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      rule: Rule;
    }
    export interface SubscriptionFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      rule: Rule;
    }
  }
}
