import { type Field, Info, pathTo } from './field.ts';
import { isPromise } from './is-promise.ts';
import { requireNonNull } from './require-non-null.ts';
import type { Path, Run } from './run.ts';

// No closures in the functions that run for each field: to allocate one would take longer than most fields do.

/**
 * Executes fields in parallel. If a non-null field fails, the others are still awaited, so that nothing runs on after
 * the response.
 */
export function executeFields(run: Run, fields: readonly Field[], source: unknown, path: Path | undefined): unknown {
  const results: Record<string, unknown> = {};
  let pending: Promise<unknown>[] | undefined;
  try {
    for (const field of fields) {
      const result = executeField(run, field, source, path);
      results[field.key] = result;
      if (isPromise(result)) (pending ??= []).push(storeWhenResolved(results, field.key, result));
    }
  } catch (error) {
    if (!pending) throw error;
    return settleThenThrow(pending, error);
  }
  if (!pending) return results;
  return pending.length === 1 ? pending[0] : Promise.all(pending).then(([first]) => first);
}

/** @returns the results, once this one has been stored in them */
function storeWhenResolved(results: Record<string, unknown>, key: string, result: Promise<unknown>): Promise<object> {
  return result.then(one => {
    results[key] = one;
    return results;
  });
}

function settleThenThrow(pending: readonly Promise<unknown>[], error: unknown): Promise<never> {
  return Promise.all(pending).finally(() => {
    throw error;
  }) as Promise<never>;
}

/** For mutations: executes the fields one after another. */
export async function executeSerially(run: Run, fields: readonly Field[], source: unknown): Promise<unknown> {
  const results: Record<string, unknown> = {};
  for (const field of fields) results[field.key] = await executeField(run, field, source, undefined);
  return results;
}

function executeField(run: Run, field: Field, source: unknown, prev: Path | undefined): unknown {
  const path = field.leaf ? undefined : pathTo(field, prev);
  const info = new Info(run, field, prev, path);
  try {
    const result = field.resolve(source, field.args(run.variableValues), run.contextValue, info);
    if (isPromise(result)) return completeWhenResolved(run, field, info, path, result);
    const completed = completeField(run, field, info, path, result);
    return isPromise(completed) ? handleRejection(run, field, info, completed) : completed;
  } catch (error) {
    return run.failed(field.nonNull, field.nodes, info.path, error);
  }
}

function completeWhenResolved(
  run: Run,
  field: Field,
  info: Info,
  path: Path | undefined,
  result: Promise<unknown>,
): Promise<unknown> {
  return handleRejection(
    run,
    field,
    info,
    result.then(one => completeField(run, field, info, path, one)),
  );
}

function handleRejection(run: Run, field: Field, info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(undefined, (error: unknown) => run.failed(field.nonNull, field.nodes, info.path, error));
}

/** @throws if the field is non-null and the value is null */
function completeField(run: Run, field: Field, info: Info, path: Path | undefined, value: unknown): unknown {
  const completed = field.complete(run, info, path, value);
  return field.nonNull ? requireNonNull(info, completed) : completed;
}
