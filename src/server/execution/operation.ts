import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { formatPosition } from '../../event-store/position.ts';
import type { OpenPerCaller } from '../limits/open-per-caller.ts';
import { badInput } from '../../graphql/coded-error.ts';
import type { ObjectCache } from './compiled/compile-operation.ts';
import { executeDocument, type OperationArgs, presentResult, variableErrors } from './execute.ts';
import type { FrameDelivery, Frames } from './frames/frame-delivery.ts';
import { countOperation } from './operation-counts.ts';
import { presentError } from './present-error.ts';
import type { ResponsePosition } from '../../graphql/response-position.ts';
import { watchLastStep, type Watchdog, watched, watchLoop } from './watchdog.ts';

/**
 * Executes a query or mutation; all transports call it. Only queries get a span here, because each command has its
 * own.
 * @param cache of finished objects; undefined: the result is plain data
 */
export function executeOperation(args: OperationArgs, cache?: ObjectCache): ExecutionResult | Promise<ExecutionResult> {
  const type = operationOf(args);
  const run = () => watchedOperation(args, () => admitAndExecute(args, cache, type));
  const isTraced = args.contextValue.dependencies.tracing && type === OperationTypeNode.QUERY;
  return isTraced ? withSpan(args, async () => run()) : run();
}

function admitAndExecute(
  args: OperationArgs,
  cache: ObjectCache | undefined,
  type: OperationTypeNode | undefined,
): ExecutionResult | Promise<ExecutionResult> {
  const startMs = performance.now();
  // `logger` is not destructured: its getter creates a logger, which would take longer than everything else here.
  const { dependencies, responsePosition } = args.contextValue;
  let cost: number | undefined;
  try {
    cost = dependencies.admission?.admit(args);
  } catch (error) {
    return counted(args, type, { errors: [presentError(error, args.contextValue.logger)] }, startMs);
  }
  const result = executeDocument(args, cache);
  if (!(result instanceof Promise)) {
    return withExtensions(counted(args, type, result, startMs), responsePosition, cost);
  }
  watchLoop();
  return result.then(one => {
    watchLastStep(watchdogOf(args), () => args);
    return withExtensions(counted(args, type, one, startMs), responsePosition, cost);
  });
}

/** Counts the operation for the metrics. @returns the result */
function counted<Result extends Frames | ExecutionResult>(
  { contextValue: { dependencies } }: OperationArgs,
  type: OperationTypeNode | undefined,
  result: Result,
  startMs: number,
): Result {
  const errors = Symbol.asyncIterator in result ? undefined : result.errors;
  countOperation(dependencies.counts, type ?? 'unknown', errors, performance.now() - startMs);
  return result;
}

/** Runs a step under the watchdog: the synchronous part, up to its first wait. */
function watchedOperation<Result>(args: OperationArgs, step: () => Result): Result {
  return watched(watchdogOf(args), () => args, step);
}

function watchdogOf({ contextValue }: OperationArgs): () => Watchdog {
  return () => ({ logger: contextValue.logger, held: contextValue.dependencies.counts?.held });
}

/** Adds the extensions of the whole response: the position that it reflects, and its cost. */
function withExtensions(
  result: ExecutionResult,
  { position }: ResponsePosition,
  cost: number | undefined,
): ExecutionResult {
  if (!position && cost === undefined) return result;
  const extensions = position ? { position: formatPosition(position), cost } : { cost };
  return result.data && !result.errors ? { data: result.data, extensions } : { ...result, extensions };
}

/** What all subscriptions of a node share. */
export interface Subscribing {
  readonly frames: FrameDelivery;
  readonly callers: OpenPerCaller;
}

/**
 * Subscribes: the source is opened for this subscriber, with its own rights; each event is executed once for all
 * subscribers with the same operation and the same visible data.
 * @returns the frames, or one response with errors if there is nothing to subscribe to
 */
export async function subscribeToOperation(
  args: OperationArgs,
  subscribing: Subscribing,
): Promise<Frames | ExecutionResult> {
  const startMs = performance.now();
  const result = await withSpan(args, () => watchedOperation(args, () => admitAndSubscribe(args, subscribing)));
  return counted(args, OperationTypeNode.SUBSCRIPTION, result, startMs);
}

/** The span of a subscription ends when the subscription has started. */
function withSpan<Result>(args: OperationArgs, run: () => Promise<Result>): Promise<Result> {
  const { dependencies, correlationId, trace } = args.contextValue;
  const type = operationOf(args);
  if (!dependencies.tracing || type === undefined) return run();
  return dependencies.tracing.span(type, { correlationId, ...trace }, { 'graphql.operation.type': type }, run);
}

function operationOf({ document, operationName }: OperationArgs): OperationTypeNode | undefined {
  return getOperationAST(document, operationName)?.operation;
}

async function admitAndSubscribe(
  args: OperationArgs,
  { frames, callers }: Subscribing,
): Promise<Frames | ExecutionResult> {
  const { contextValue } = args;
  let close: (() => void) | undefined;
  try {
    contextValue.dependencies.admission?.admit(args);
    checkRoot(args);
    // Checked before frames.open(), which serialises the variables: JSON.stringify() throws on a value nested a few
    // thousand levels deep, and only the input types limit the depth.
    const errors = variableErrors(args);
    if (errors) return presentResult({ errors }, contextValue);
    const open = callers.openSubscription(contextValue.viewer, args.document);
    close = open.end;
    return await frames.open({ ...args, document: open.document }, open.end);
  } catch (error) {
    close?.();
    return { errors: [presentError(error, contextValue.logger)] };
  }
}

/**
 * Rejects directives on the root field: if a directive skips the only root field, graphql-js throws an internal
 * error.
 * @throws BAD_USER_INPUT
 */
function checkRoot({ document, operationName }: OperationArgs): void {
  const fragments = fragmentsOf(document);
  // Each fragment is visited once, however often it is spread.
  const seen = new Set<string>();
  const hasDirective = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some(selection => {
      if (selection.directives?.length) return true;
      if (selection.kind === Kind.FIELD) return false;
      if (selection.kind === Kind.INLINE_FRAGMENT) return hasDirective(selection.selectionSet);
      const { value: name } = selection.name;
      if (seen.has(name)) return false;
      seen.add(name);
      return hasDirective(fragments.get(name));
    }) ?? false;
  if (hasDirective(getOperationAST(document, operationName)?.selectionSet)) {
    throw badInput('The root field of a subscription cannot have a directive: remove it.');
  }
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, SelectionSetNode> {
  const fragments = new Map<string, SelectionSetNode>();
  for (const one of definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one.selectionSet);
  return fragments;
}
