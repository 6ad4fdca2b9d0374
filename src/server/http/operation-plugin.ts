import type { DocumentNode, GraphQLError, GraphQLSchema, ValidationRule } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Logger } from '../../telemetry/logger.ts';
import { codedError, withCode } from '../../graphql/coded-error.ts';
import type { Context } from '../../graphql/context.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import type { OperationArgs } from '../execution/execute.ts';
import { resultsOf } from '../execution/frames/frame-delivery.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from '../execution/operation.ts';
import type { SocketExchange } from '../execution/pipeline.ts';
import { presentError } from '../execution/present-error.ts';
import { watched } from '../execution/watchdog.ts';
import type { DocumentLimits } from '../limits/document-limits.ts';
import { parseDocument } from '../limits/parse-document.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { validateDocument } from '../limits/validate-document.ts';
import type { Exchange } from './exchange.ts';
import { acceptableTypes } from './response-type.ts';

/**
 * How this server reads, parses, validates and executes operations. It is the first plugin, so that those of a
 * deployment can wrap each step or replace its result.
 * @param options.read parses a request, and authenticates its caller
 * @param options.authenticate sets the requester of a request that a plugin has read
 * @param options.hasPlugins whether other plugins follow: these see frames as results
 */
export function operationPlugin(options: {
  dependencies: Dependencies;
  logger: Logger;
  limits: DocumentLimits;
  documents: TrustedDocuments;
  subscribing: Subscribing;
  read: (exchange: Exchange) => Promise<GraphQLParams>;
  authenticate: (exchange: Exchange) => void | Promise<void>;
  hasPlugins: boolean;
}): Plugin<Context, Exchange> {
  const { dependencies, logger, limits, documents, subscribing, read, authenticate, hasPlugins } = options;
  const watchdog = () => ({ logger, held: dependencies.counts?.held });

  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { params } = serverContext.progress;
      setRequestParser(params ?? (() => read(serverContext)));
    },
    onParams({ context, setResult }) {
      const { progress } = context;
      if (progress.result) setResult(progress.result);
      else if (!progress.requester) return authenticate(context);
    },
    onParse({ context, setParseFn }) {
      const { requester } = exchangeOf(context).progress;
      // Called only for documents that are not cached.
      setParseFn((source: string) => {
        if (requester && !documents.has(source)) dependencies.admission?.admitDocument(requester, source);
        let document: DocumentNode | undefined;
        return watched(
          watchdog,
          () => ({ text: source, document }),
          () => (document = parseDocument(source, limits)),
        );
      });
    },
    onValidate({ setValidationFn }) {
      setValidationFn((against: GraphQLSchema, document: DocumentNode, rules?: readonly ValidationRule[]) =>
        watched(
          watchdog,
          () => ({ document }),
          () => validateDocument(against, document, rules),
        ),
      );
      return validated => {
        const errors = validated.result as readonly GraphQLError[];
        validated.setResult(errors.map(error => presentError(withCode(error, 'GRAPHQL_VALIDATION_FAILED'), logger)));
      };
    },
    onExecute({ setExecuteFn }) {
      setExecuteFn(args => {
        exchangeOf(args.contextValue).progress.isCounted = true;
        return executeOperation(args as OperationArgs);
      });
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(async args => {
        const exchange = exchangeOf(args.contextValue);
        if ('res' in exchange && !acceptableTypes(exchange.req.headers.accept).stream) {
          return { errors: [presentError(streamNotAccepted(), logger)] };
        }
        exchange.progress.isCounted = true;
        const frames = await subscribeToOperation(args as OperationArgs, subscribing);
        if (!(Symbol.asyncIterator in frames)) return frames;
        exchange.progress.frames = frames;
        return hasPlugins ? resultsOf(frames) : frames;
      });
    },
  };
}

/** The context of an operation begins as its exchange. */
export function exchangeOf(context: unknown): Exchange | SocketExchange {
  return context as Exchange | SocketExchange;
}

function streamNotAccepted(): GraphQLError {
  return codedError(
    'NOT_ACCEPTABLE',
    'A subscription needs `Accept: text/event-stream`, or a WebSocket (graphql-transport-ws).',
  );
}
