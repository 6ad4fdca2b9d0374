import {
  defaultTypeResolver,
  type FieldNode,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { executeFields } from './execute-fields.ts';
import type { Complete, Fields, Info } from './field.ts';
import { isPromise } from './is-promise.ts';
import { requireNonNull } from './require-non-null.ts';
import type { Path, Run } from './run.ts';

// What a field does with the value of its resolver, by the field's type.

export function required(complete: Complete): Complete {
  return (run, info, path, value) => requireNonNull(info, complete(run, info, path, value));
}

export function leaf(type: GraphQLLeafType): Complete {
  return (_run, _info, _path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined)
      throw new Error(`${type.name} serialized a value to null or undefined.`);
    return serialized;
  };
}

export function listOf(itemType: GraphQLOutputType, nodes: readonly FieldNode[], complete: Complete): Complete {
  const nonNull = isNonNullType(itemType);
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    if (typeof value !== 'object' || !(Symbol.iterator in value)) {
      throw new GraphQLError(
        `Expected Iterable, but did not find one for field "${info.parentType.name}.${info.fieldName}".`,
      );
    }
    let pending: Promise<unknown>[] | undefined;
    const items: unknown[] = [];
    for (const item of value as Iterable<unknown>) {
      const itemPath = { prev: path, key: items.length, typename: undefined };
      try {
        const completed = isPromise(item)
          ? item.then(one => complete(run, info, itemPath, one))
          : complete(run, info, itemPath, item);
        if (!isPromise(completed)) {
          items.push(completed);
          continue;
        }
        const handled = completed.then(undefined, (error: unknown) => run.failed(nonNull, nodes, itemPath, error));
        (pending ??= []).push(handled);
        items.push(handled);
      } catch (error) {
        // The other items are no longer awaited: without a handler, a rejection of theirs would end the process.
        if (nonNull) for (const one of pending ?? []) one.catch(() => undefined);
        items.push(run.failed(nonNull, nodes, itemPath, error));
      }
    }
    return pending ? Promise.all(items) : items;
  };
}

type FieldsOf = (type: GraphQLObjectType) => Fields;

export function object(type: GraphQLObjectType, nodes: readonly FieldNode[], fieldsOf: FieldsOf): Complete {
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    return completeObject(run, info, path, value, type, nodes, fieldsOf);
  };
}

function completeObject(
  run: Run,
  info: Info,
  path: Path | undefined,
  value: unknown,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  fieldsOf: FieldsOf,
): unknown {
  if (!type.isTypeOf) return executeObject(run, fieldsOf(type), value, path);
  const checked = (is: boolean): unknown => {
    if (is) return executeObject(run, fieldsOf(type), value, path);
    throw new GraphQLError(`Expected value of type "${type.name}" but got another type.`, { nodes });
  };
  const is = type.isTypeOf(value, run.contextValue, info);
  return isPromise(is) ? is.then(checked) : checked(is);
}

function executeObject(
  run: Run,
  { selection, all, cacheable }: Fields,
  value: unknown,
  path: Path | undefined,
): unknown {
  const { cache } = run;
  if (!cacheable || cache === undefined) return executeFields(run, all, value, path);
  const cached = cache.find(value, selection, run.contextValue);
  if (cached !== undefined) return cached;
  const finished = executeFields(run, all, value, path);
  if (isPromise(finished) || run.hasFailed) return finished;
  return cache.store(value, selection, run.contextValue, finished);
}

export function abstract(
  schema: GraphQLSchema,
  type: GraphQLAbstractType,
  nodes: readonly FieldNode[],
  fieldsOf: FieldsOf,
): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const runtimeType = (name: unknown): GraphQLObjectType => {
    const found = typeof name === 'string' ? schema.getType(name) : undefined;
    if (isObjectType(found) && schema.isSubType(type, found)) return found;
    throw new GraphQLError(`${type.name} was resolved to a type that is not one of its possible types.`, { nodes });
  };
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    const complete = (name: unknown): unknown =>
      completeObject(run, info, path, value, runtimeType(name), nodes, fieldsOf);
    const name = resolveType(value, run.contextValue, info, type);
    return isPromise(name) ? name.then(complete) : complete(name);
  };
}
