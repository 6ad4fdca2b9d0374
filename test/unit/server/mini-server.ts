import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type Config, defaultLimits } from '../../../src/config.ts';
import type { GraphiQL } from '../../../src/development/graphiql.ts';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import type { Probes } from '../../../src/server/probes/probes.ts';
import { type GraphQLServer, openServer } from '../../../src/server/http/server.ts';
import { trustedDocuments } from '../../../src/server/limits/trusted-documents.ts';
import { authSettings } from '../../support/auth-settings.ts';
import { schema } from '../graphql/mini-schema.ts';

/** Log lines of the servers that this file's tests have started. */
export const logged: Record<string, unknown>[] = [];

export const logger = pino(
  { level: 'debug' },
  { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
);

export const auth = authSettings();

const readyProbes: Probes = {
  readiness: () => Promise.resolve({ status: 'ready' }),
  metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
};

/** Serves the mini schema until the end of the test. Its fields need no services. */
export async function startMiniServer(
  config: Partial<Config> = {},
  probes = readyProbes,
  graphiql?: GraphiQL,
  plugins: Parameters<typeof openServer>[0]['plugins'] = [],
): Promise<GraphQLServer> {
  const server = await openServer({
    schema,
    dependencies: {} as Dependencies,
    identify: openIdentity(config.auth ?? auth, 'cus', config.production === false),
    logger,
    documents: trustedDocuments(new Map(), false),
    probes,
    graphiql,
    plugins,
    config: {
      auth,
      host: '127.0.0.1',
      port: 0,
      production: true,
      corsOrigins: [],
      trustedProxies: [],
      limits: defaultLimits,
      introspection: true,
      ...config,
    },
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= server.close());
  onTestFinished(close);
  return { ...server, close };
}

/** Registers any other server, which is closed at the end of the test. */
export async function startServer(server: Server = createServer()): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
