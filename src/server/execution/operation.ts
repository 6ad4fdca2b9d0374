import {
  createSourceEventStream,
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
import { executeDocument, type OperationArgs, presentResult, variableErrors } from './execute.ts';
import type { Frame } from '../../live/frame.ts';
import { Frames } from './frames.ts';
import { presentError } from './present-error.ts';
import type { ResponsePosition } from '../../graphql/response-position.ts';
import type { Group, SharedExecution } from './shared-execution.ts';
import { watchAnswer, type Watchdog, watched, watchLoop } from './watchdog.ts';

/** Executes a query or mutation: every transport does it here, so that all answer alike. A command has spans of its own. */
export function executeOperation(args: OperationArgs): ExecutionResult | Promise<ExecutionResult> {
  const run = () => watchedOperation(args, () => admitAndExecute(args));
  const isTraced = args.contextValue.dependencies.tracing && operationOf(args) === OperationTypeNode.QUERY;
  return isTraced ? traced(args, async () => run()) : run();
}

function admitAndExecute(args: OperationArgs): ExecutionResult | Promise<ExecutionResult> {
  // Not its logger: making one takes longer than all else here.
  const { dependencies: parts, responsePosition: reflected } = args.contextValue;
  let cost: number | undefined;
  try {
    cost = parts.admission?.admit(args);
  } catch (error) {
    return { errors: [presentError(error, args.contextValue.logger)] };
  }
  const answer = executeDocument(args);
  if (!(answer instanceof Promise)) return extended(answer, reflected, cost);
  watchLoop();
  return answer.then(one => {
    watchAnswer(watchdogOf(args), () => args);
    return extended(one, reflected, cost);
  });
}

/** The first wait of what is executed ends what is watched. */
function watchedOperation<Result>(args: OperationArgs, step: () => Result): Result {
  return watched(watchdogOf(args), () => args, step);
}

function watchdogOf({ contextValue }: OperationArgs): () => Watchdog {
  return () => ({ logger: contextValue.logger, held: contextValue.dependencies.counts?.held });
}

/** With what is said of the whole operation: the position that it reflects, and what it cost. */
function extended(answer: ExecutionResult, { position }: ResponsePosition, cost: number | undefined): ExecutionResult {
  if (!position && cost === undefined) return answer;
  const extensions = position ? { position: formatPosition(position), cost } : { cost };
  return answer.data && !answer.errors ? { data: answer.data, extensions } : { ...answer, extensions };
}

/** What a node's subscriptions have in common. */
export interface Subscribing {
  readonly shared: SharedExecution;
  readonly callers: OpenPerCaller;
}

/**
 * Subscribes: the source is opened for this subscriber, by their own rights; what it yields is executed once for all
 * who ask the same and may see the same.
 * @returns the frames, or one answer with errors where there is nothing to subscribe to
 */
export function subscribeToOperation(args: OperationArgs, subscribing: Subscribing): Promise<Frames | ExecutionResult> {
  return traced(args, () => watchedOperation(args, () => admitAndSubscribe(args, subscribing)));
}

/** The span of a subscription is over once it has started. */
function traced<Result>(args: OperationArgs, run: () => Promise<Result>): Promise<Result> {
  const { dependencies: parts, correlationId, trace } = args.contextValue;
  const type = operationOf(args);
  if (!parts.tracing || type === undefined) return run();
  return parts.tracing.span(type, { correlationId, ...trace }, { 'graphql.operation.type': type }, run);
}

function operationOf({ document, operationName }: OperationArgs): OperationTypeNode | undefined {
  return getOperationAST(document, operationName)?.operation;
}

async function admitAndSubscribe(
  args: OperationArgs,
  { shared, callers }: Subscribing,
): Promise<Frames | ExecutionResult> {
  const { contextValue } = args;
  let close: (() => void) | undefined;
  let group: Group | undefined;
  try {
    contextValue.dependencies.admission?.admit(args);
    checkRoot(args);
    // Before the group is looked up, which makes JSON of the variables: JSON.stringify() fails on a value nested some
    // thousand deep, and only the types say how deep one may be.
    const errors = variableErrors(args);
    if (errors) return presentResult({ errors }, contextValue);
    const open = callers.openSubscription(contextValue.viewer, args.document);
    close = open.end;
    const mine = { ...args, document: open.document };
    // Before its source: where this fails there is nothing open yet that nobody would end.
    group = shared.join(mine);
    const source = await createSourceEventStream(mine);
    if (Symbol.asyncIterator in source) {
      const events = (source as AsyncIterable<Frame>)[Symbol.asyncIterator]();
      return new Frames(contextValue, events, group, close);
    }
    // First: where it fails, what is below leaves the group, which is left once.
    const answer = presentResult(source, contextValue);
    group.leave();
    close();
    return answer;
  } catch (error) {
    group?.leave();
    close?.();
    return { errors: [presentError(error, contextValue.logger)] };
  }
}

/**
 * If directives leave no field at the root, graphql-js fails as if it had a bug.
 * @throws BAD_USER_INPUT
 */
function checkRoot({ document, operationName }: OperationArgs): void {
  const fragments = fragmentsOf(document);
  // Each fragment is looked at once, however often it is spread.
  const seen = new Set<string>();
  const directed = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some(selection => {
      if (selection.directives?.length) return true;
      if (selection.kind === Kind.FIELD) return false;
      if (selection.kind === Kind.INLINE_FRAGMENT) return directed(selection.selectionSet);
      const { value: name } = selection.name;
      if (seen.has(name)) return false;
      seen.add(name);
      return directed(fragments.get(name));
    }) ?? false;
  if (directed(getOperationAST(document, operationName)?.selectionSet)) {
    throw badInput("A subscription's own field takes no directive: leave it out, or subscribe to something else.");
  }
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, SelectionSetNode> {
  const fragments = new Map<string, SelectionSetNode>();
  for (const one of definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one.selectionSet);
  return fragments;
}
