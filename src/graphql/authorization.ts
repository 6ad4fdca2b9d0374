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
import type { Actor } from '../commands/decider.ts';
import { codedError, unauthenticated } from './coded-error.ts';
import type { Context } from './context.ts';

/** Whom a field answers. What of it they may see (their own rows, for instance) is the read's business. */
export type Rule = 'authenticated' | 'staff';

/** A type's rule holds for each of its fields. `as-parent`: whoever reached the object may read it. */
export type TypeRule = Rule | 'as-parent';

const admits: { readonly [Name in Rule]: (viewer: Actor) => boolean } = {
  authenticated: () => true,
  staff: viewer => viewer.role === 'staff',
};

/** @throws UNAUTHENTICATED, FORBIDDEN */
export function checkRule(rule: Rule, viewer: Actor | undefined): void {
  if (viewer === undefined) throw unauthenticated();
  if (!admits[rule](viewer)) throw codedError('FORBIDDEN', `This is for ${rule} only.`);
}

const rootKinds: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/**
 * One declared rule a root field and an object type, checked before resolve and before subscribe. A subscription's
 * resolve runs for each delivery, so the rule is checked for each. The schema does not build while one is missing:
 * a forgotten rule must never mean "everybody".
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
  if (typeof rule !== 'string' || !Object.hasOwn(admits, rule)) {
    throw new PothosSchemaError(`${where} declares no rule: say whom it answers (see graphql/rules.ts)`);
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

// What the compiler knows of it: a root field or an object type without a rule does not compile either.
declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rules: AuthorizationPlugin<Types>;
    }
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** Whom the type's fields answer. */
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
      /** Whom this field answers, where that is fewer than its type does. */
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
