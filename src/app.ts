import { readCheckpoint } from './projections/checkpoint.ts';
import { openCommandBus } from './commands/command-bus.ts';
import { type Closers, openClosers } from './closers.ts';
import type { Config } from './config.ts';
import { readCustomers } from './customer/views/customer-view.ts';
import { type Database, nodeName, openDatabase } from './database.ts';
import { checkForProduction } from './event-store/check-for-production.ts';
import { openEventStore } from './event-store/event-store.ts';
import { readGrownStreams } from './event-store/read-events-after.ts';
import { readHead } from './event-store/read-log.ts';
import { graphiqlPage } from './graphiql-page.ts';
import { openAdmission } from './graphql/admission.ts';
import { openGraphiQL } from './graphql/graphiql.ts';
import { openIdentity } from './graphql/identity.ts';
import type { Parts } from './graphql/parts.ts';
import type { Probes } from './graphql/probes.ts';
import { openRateLimiter, type RateLimiter } from './graphql/rate.ts';
import { openServer } from './graphql/server.ts';
import type { Bus } from './live/bus.ts';
import { everything, openHub } from './live/hub.ts';
import { openInProcessBus } from './live/in-process-bus.ts';
import { openRedisBus } from './live/redis-bus.ts';
import { openSharedCounts } from './live/shared-counts.ts';
import type { Logger } from './logger.ts';
import { openMetrics } from './metrics.ts';
import { readCustomerTotals } from './order/views/customer-totals.ts';
import { readOrdersChanged } from './order/views/read-order-changes.ts';
import { readOrders } from './order/views/read-orders.ts';
import { readProducts } from './product/views/product-view.ts';
import { openBatchedRead } from './projections/batched-read.ts';
import { openLag } from './projections/lag.ts';
import { readProjections } from './projections/read-projections.ts';
import { startProjector } from './projections/projector.ts';
import { tracedProjection } from './projections/traced-projection.ts';
import type { ReadSource } from './projections/read-entities.ts';
import { readReadiness } from './readiness.ts';
import { schema } from './schema.ts';
import { fillEmptyLog } from './seed.ts';
import { deciders, types, views } from './slices.ts';
import { openTracing, type Tracing } from './tracing.ts';

export interface App {
  /** Where it is served; undefined for a process without the role api. */
  readonly url: string | undefined;
  stop(): Promise<void>;
}

/**
 * Opens each part in order, the ones that others use first, and closes them the other way round.
 * @throws StartError where something outside the program is in the way
 */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  const closers = openClosers();
  try {
    const opened = await openDatabase(config, nodeName);
    closers.push(() => opened.close());
    const { database } = opened;
    if (config.production) await checkForProduction(database, config.redisUrl === undefined);
    if (opened.embedded) await fillEmptyLog(openEventStore(database, types, () => undefined));
    const bus = await openBus(config, logger);
    closers.push(() => bus.close());
    const tracing = await openTraces(config, logger, closers);
    if (config.roles.includes('projector')) projectFor(database, bus, logger, closers, tracing);
    const url = config.roles.includes('api') ? await serve(config, database, bus, logger, closers, tracing) : undefined;
    return { url, stop: () => closers.release() };
  } catch (error) {
    await closers.release();
    throw error;
  }
}

async function openTraces({ otlpEndpoint }: Config, logger: Logger, closers: Closers): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const tracing = await openTracing(otlpEndpoint, error => {
    logger.warn({ err: error }, 'traces could not be sent');
  });
  closers.push(() => tracing.close());
  return tracing;
}

function projectFor(
  database: Database,
  bus: Bus,
  logger: Logger,
  closers: Closers,
  tracing: Tracing | undefined,
): void {
  const plain = openEventStore(database, types, () => undefined);
  const traced = tracing && tracedProjection(plain, tracing);
  const store = traced?.store ?? plain;
  const projector = startProjector({
    database,
    store,
    views,
    logger: logger.child({ component: 'projector' }),
    onProjected: to => {
      traced?.projected(to);
      bus.publish('projected', { to });
    },
  });
  closers.push(() => projector.stop());
  closers.push(
    bus.subscribe('appended', () => {
      projector.wake();
    }),
  );
}

async function serve(
  config: Config,
  database: Database,
  bus: Bus,
  logger: Logger,
  closers: Closers,
  tracing: Tracing | undefined,
): Promise<string> {
  const source: ReadSource = { database, types };
  const redisConnected = () => (config.redisUrl === undefined ? undefined : bus.isConnected());
  const lag = openLag(database);
  const metrics = openMetrics({ lag, redisConnected });
  const store = openEventStore(database, types, commands => {
    metrics.appended(commands);
    bus.publish('appended', {});
  });
  const orderHub = openHub({
    read: (after, interest) => readOrdersChanged(source, after, interest, everything),
    start: (await readCheckpoint(database)).position,
    bus,
    logger: logger.child({ component: 'hub' }),
  });
  closers.push(() => {
    orderHub.close();
  });
  const logHub = openHub<never>({
    read: (after, { scopes }) => readGrownStreams(database, after, scopes, everything),
    start: await readHead(database),
    bus,
    logger: logger.child({ component: 'log hub' }),
    topic: 'appended',
  });
  closers.push(() => {
    logHub.close();
  });
  const rate = openRate(config, logger, closers);
  const parts: Parts = {
    source,
    admission: openAdmission({ maximumCost: config.limits.cost, rate, ...metrics }),
    handle: openCommandBus(store, deciders, {
      logger: logger.child({ component: 'commands' }),
      settled: metrics.commandSettled,
      tracing,
    }),
    counts: {
      ...metrics,

      delivered(kind, correlationId, start) {
        metrics.delivered(kind);
        if (correlationId !== undefined) tracing?.record('delivery', correlationId, start, Date.now());
      },
    },
    reached: (position, timeout) => orderHub.reached(position, timeout),
    orderHub,
    logHub,
    projections: () => readProjections(database, views),
    order: openBatchedRead(ids => readOrders(source, ids)),
    customer: openBatchedRead(ids => readCustomers(source, ids)),
    customerTotals: openBatchedRead(ids => readCustomerTotals(source, ids)),
    product: openBatchedRead(ids => readProducts(source, ids)),
  };
  const graphiql = config.graphiql
    ? openGraphiQL({ logger, pageOf: query => graphiqlPage(config.auth, query) })
    : undefined;
  const probes: Probes = {
    readiness: () => readReadiness(lag, redisConnected()),
    metrics: metrics.render,
  };
  const identify = openIdentity(config.auth);
  const server = await openServer({ schema, parts, identify, logger, config, graphiql, probes });
  closers.push(() => server.close());
  return server.url;
}

function openRate({ redisUrl, limits }: Config, logger: Logger, closers: Closers): RateLimiter {
  const shared = redisUrl === undefined ? undefined : openSharedCounts(redisUrl, logger.child({ component: 'rate' }));
  const rate = openRateLimiter({ customer: limits.customerRate, staff: limits.staffRate }, shared);
  closers.push(() => {
    rate.close();
    shared?.close();
  });
  return rate;
}

function openBus({ redisUrl }: Config, logger: Logger): Promise<Bus> {
  if (redisUrl === undefined) return Promise.resolve(openInProcessBus());
  return openRedisBus(redisUrl, logger.child({ component: 'bus' }));
}
