import type { GraphQLHTTPExtensions, Plugin } from 'graphql-yoga';
import type { Logger } from '../../telemetry/logger.ts';
import type { Context } from '../../graphql/context.ts';
import { formatError, presentError } from '../execution/present-error.ts';
import type { Exchange } from './exchange.ts';

type OurPlugin = Plugin<Context, Exchange>;
type FetchAPI = { readonly Response: typeof Response };

/**
 * The plugin with the three hooks whose errors yoga would send as a stack trace. Their errors become a response as any
 * other error does; yoga handles those of all other hooks.
 */
export function guardedPlugin(plugin: OurPlugin, logger: Logger): OurPlugin {
  const { onRequest, onResultProcess, onResponse } = plugin;

  function responseOf(error: unknown, { Response }: FetchAPI): Response {
    const presented = presentError(error, logger);
    const { status = 500, headers }: GraphQLHTTPExtensions = presented.extensions['http'] ?? {};
    return new Response(JSON.stringify({ errors: [formatError(presented)] }), {
      status,
      headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    });
  }

  // A plugin may be an object of a class, whose hooks are not its own properties.
  return Object.assign(Object.create(plugin) as OurPlugin, {
    ...(onRequest && {
      onRequest: guarded(onRequest, (payload, error) => {
        payload.endResponse(responseOf(error, payload.fetchAPI));
      }),
    }),
    ...(onResultProcess && {
      onResultProcess: guarded(onResultProcess, (payload, error) => {
        payload.setResultProcessor((_result, fetchAPI) => responseOf(error, fetchAPI), 'application/json');
      }),
    }),
    ...(onResponse && {
      onResponse: guarded(onResponse, (payload, error) => {
        payload.setResponse(responseOf(error, payload.fetchAPI));
      }),
    }),
  } satisfies OurPlugin);
}

/** The hook, with an answer in place of its error. */
function guarded<Payload>(
  hook: (payload: Payload) => unknown,
  answer: (payload: Payload, error: unknown) => void,
): (payload: Payload) => Promise<void> {
  return async payload => {
    try {
      await hook(payload);
    } catch (error) {
      answer(payload, error);
    }
  };
}
