import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import type { Answer } from '../operation-session.ts';
import { codedError, statusOf, withCode } from './coded-error.ts';
import type { Commands } from './commands.ts';
import type { Frame, Live } from './live.ts';
import { isPosition } from './log.ts';
import type { Context, Viewer } from './nodes.ts';
import { queries } from './queries.ts';
import { type Play, playedSchema } from './played-schema.ts';
import type { Script } from './script.ts';

/** An operation as a client sends it. */
export interface Request {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A valid operation. */
export interface Operation {
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** Its name, or that of its first field. */
  readonly name: string;
  readonly request: Request;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** The names of its fields. */
  readonly fields: readonly string[];
}

/** The context of a request that may have no token. */
export type Asking = Omit<Context, 'viewer'> & { readonly viewer: Viewer | undefined };

/** The failure of a whole request: it was not executed. */
export interface Refused {
  readonly errors: readonly GraphQLError[];
  /** Of the HTTP response. */
  readonly status: number;
}

export interface Execution {
  prepare(request: Request): Operation | Refused;
  /** Executes a query or a mutation. */
  execute(operation: Operation, context: Asking): Answer;
  /**
   * Opens a subscription.
   * @returns a function that ends it; or the answer with the reason why it was not opened
   */
  subscribe(operation: Operation, context: Asking, send: (answer: Answer) => void): (() => void) | Answer;
}

/** Executes operations of the real schema on the objects of a shop. */
export function createExecution(live: Live, commands: Commands, script: Script): Execution {
  const schema = playedSchema();

  const play: Play<Asking> = (field, args, asking) => {
    const context = admitted(asking);
    const query = queries[field];
    const resolve = query ?? commands.resolver(field) ?? notPlayed(field);
    const value = script.play(field, () => resolve(args as never, context));
    if (query && field !== 'viewer') context.position ??= context.shop.log.position;
    return value;
  };

  function run({ document, request }: Operation, context: Asking, root?: object): ExecutionResult {
    // No resolver returns a promise.
    return execute({
      schema,
      document,
      operationName: request.operationName ?? null,
      variableValues: request.variables ?? null,
      contextValue: Object.assign(context, { play }),
      rootValue: root,
    }) as ExecutionResult;
  }

  /** The arguments of a subscription's field, as graphql-js gives them to a method of the root. */
  function argumentsOf(operation: Operation, context: Context): Readonly<Record<string, unknown>> {
    let found: Record<string, unknown> | undefined;
    const method = (args: Record<string, unknown>) => void (found = args);
    const { errors } = run(operation, context, { [operation.fields[0] as string]: method });
    if (found) return found;
    throw errors?.[0] ?? codedError('BAD_USER_INPUT', 'A subscription has one field.');
  }

  function frameAnswer(operation: Operation, context: Context, { kind, position, value }: Frame): Answer {
    const result = run(operation, context, { [operation.fields[0] as string]: value });
    return answerOf(result, { position, kind });
  }

  return {
    prepare: request => prepare(schema, request),
    execute(operation, context) {
      const result = run(operation, context);
      return answerOf(result, context.position === undefined ? undefined : { position: context.position });
    },
    subscribe(operation, asking, send) {
      const field = operation.fields[0] as string;
      try {
        const context = admitted(asking);
        if (!live.has(field)) notPlayed(field)();
        const args = argumentsOf(operation, context);
        const after = operation.request.extensions?.['after'] ?? args['after'];
        if (after != null && !isPosition(after as string)) throw notPosition();
        return script.play(field, () =>
          live.open(field, { context, args }, (after ?? undefined) as string | undefined, frame =>
            send(frameAnswer(operation, context, frame)),
          ),
        );
      } catch (error) {
        const located = Object.assign(withCode(error as GraphQLError), { path: [field] });
        return answerOf({ errors: [located] }, undefined);
      }
    },
  };
}

function prepare(schema: GraphQLSchema, request: Request): Operation | Refused {
  let document: DocumentNode;
  try {
    document = parse(request.query ?? '');
  } catch (error) {
    return refused([error as GraphQLError], 'GRAPHQL_PARSE_FAILED');
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return refused(errors, 'GRAPHQL_VALIDATION_FAILED');
  const definition = getOperationAST(document, request.operationName);
  if (!definition) return refused([codedError('BAD_USER_INPUT', 'It is not clear which operation is meant.')]);
  const { errors: invalid } = getVariableValues(schema, definition.variableDefinitions ?? [], request.variables ?? {});
  if (invalid) return refused(invalid);
  const fields = definition.selectionSet.selections.flatMap(one => (one.kind === Kind.FIELD ? [one.name.value] : []));
  const name = definition.name?.value ?? fields[0] ?? '';
  return { kind: definition.operation, name, request, document, definition, fields };
}

export function refused(
  errors: readonly GraphQLError[],
  code?: 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED',
): Refused {
  const coded = errors.map(error => withCode(error, code));
  return { errors: coded, status: statusOf(coded[0] as GraphQLError) };
}

function answerOf({ data, errors }: ExecutionResult, extensions: Record<string, unknown> | undefined): Answer {
  return {
    ...(errors && { errors: errors.map(error => withCode(error).toJSON()) }),
    ...(data !== undefined && { data }),
    ...(extensions && { extensions }),
  };
}

/** @throws UNAUTHENTICATED if the request had no token */
function admitted(context: Asking): Context {
  if (!context.viewer) throw codedError('UNAUTHENTICATED', 'This needs a valid token.');
  return context as Context;
}

function notPlayed(name: string) {
  return (): never => {
    throw codedError('INTERNAL', `The scripted server does not play \`${name}\`: test it against a real server.`);
  };
}

function notPosition(): GraphQLError {
  return codedError('BAD_USER_INPUT', '`after` must be a position from a response.');
}
