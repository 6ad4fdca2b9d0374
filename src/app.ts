import { readCheckpoint } from './projections/checkpoint.ts';
import { openCommandBus } from './commands/command-bus.ts';
import { type Closers, openClosers } from './async/closers.ts';
import { pause } from './async/pause.ts';
import type { Config } from './config.ts';
import { nodeName, openDatabase } from './database/database.ts';
import { checkForProduction } from './event-store/check-for-production.ts';
import { openEventStore } from './event-store/event-store.ts';
import { readGrownStreams } from './event-store/read-events-after.ts';
import { readHead } from './event-store/read-log.ts';
import { graphiqlPage } from './development/graphiql-page.ts';
import { openAdmission } from './server/limits/admission.ts';
import { openGraphiQL } from './development/graphiql.ts';
import { openIdentity } from './server/authentication/identity.ts';
import { checkIssuer } from './server/authentication/locate-keys.ts';
import type { Dependencies } from './graphql/dependencies.ts';
import { openLiveViews } from './graphql/live-views.ts';
import { plugins } from './server/plugins.ts';
import { openProbeServer } from './server/http/probe-server.ts';
import type { Probes } from './server/probes/probes.ts';
import { openRates } from './server/limits/rates.ts';
import { openConsoleLogin } from './server/http/console-login.ts';
import { openConsolePages } from './server/http/console-pages.ts';
import { loadConsole } from './server/http/load-console.ts';
import { type GraphQLServer, openServer } from './server/http/server.ts';
import { loadTrustedDocuments } from './server/limits/trusted-documents.ts';
import type { Bus } from './live/bus.ts';
import { everything, openHub } from './live/hub.ts';
import { openInProcessBus } from './live/in-process-bus.ts';
import { openRedisBus } from './live/redis-bus.ts';
import { locateRedis, type RedisLocation } from './live/redis-location.ts';
import { openSharedInterval } from './live/shared-interval.ts';
import { openSharedReads } from './live/shared-reads.ts';
import { openMetricsExport, openTraces } from './telemetry/exports.ts';
import type { Logger } from './telemetry/logger.ts';
import { type Metrics, openMetrics } from './server/probes/metrics.ts';
import { ReaderRowCache } from './projections/reader-row-cache.ts';
import { readProjectionsAfter } from './projections/read-projections.ts';
import { openHealth } from './operator/health.ts';
import { checkErasureList, openErasure } from './operator/erasure-list.ts';
import { readProcesses, reportProcess } from './operator/processes.ts';
import { programVersion } from './program-version.ts';
import { runProjector } from './run-projector.ts';
import type { Projector } from './projections/projector.ts';
import { viewNames } from './projections/view.ts';
import { withReadDeadline } from './projections/read-deadline.ts';
import type { ReadSource } from './projections/read-entities.ts';
import { readReadiness } from './server/probes/readiness.ts';
import { schema } from './schema.ts';
import { fillEmptyLog } from './development/sample-data.ts';
import { callerIdPrefix, commandDeciders, deciders, liveViews, openReads, types, views } from './slices.ts';
import type { Tracing } from './telemetry/tracing.ts';

/** The contract of `projectionsUpdated`: at most two frames a second. */
const projectionFrameIntervalMs = 500;

export interface App {
  /** URL of the GraphQL server; undefined if this process does not have the role `api`. */
  readonly url: string | undefined;
  /** URL of /healthz, /readyz and /metrics, which every process serves. */
  readonly probes: string;
  /**
   * Stops after the time in which load balancers find out (DRAIN_DELAY): until then it serves, and /readyz is 503. A
   * process that only projects has no load balancer, so it stops at once.
   */
  stop(): Promise<void>;
}

/**
 * Opens the parts in the order of their dependencies, and registers each for closing in the reverse order.
 * @param onObsolete called if the process can do nothing any more: it has only the role `projector`, and a newer
 * version of the program has migrated the database
 * @throws StartError if something outside the program prevents the start
 */
export async function startApp(config: Config, logger: Logger, onObsolete = () => undefined): Promise<App> {
  const closers = openClosers();
  try {
    const opened = await openDatabase(config, nodeName);
    closers.push(() => opened.close());
    const { database } = opened;
    if (config.production)
      await checkForProduction(database, config.redis === undefined && !config.databaseConnections.pooled);
    if (config.erasureList !== undefined) {
      await checkErasureList(database, config.erasureList, line => {
        logger.warn(line);
      });
    }
    // The development key is only accepted on this machine: a server with that key is a trial, so it gets sample
    // data.
    if (opened.embedded || config.auth.key.type === 'development') {
      await fillEmptyLog(openEventStore(database, types, () => undefined));
    }
    const redis = config.redis && (await locateRedis(config.redis));
    const bus = await openBus(redis, logger);
    closers.push(() => bus.close());
    const tracing = await openTraces(config, logger, closers);
    let projector: Projector | undefined;
    const health = openHealth(opened.probe);
    const release = programVersion();
    const redisConnected = () => (config.redis === undefined ? undefined : bus.isConnected());
    const metrics = openMetrics({
      release,
      health,
      redisConnected,
      projector: () => projector?.state,
      poolUse: opened.poolUse,
      aggregates: {
        commanded: commandDeciders.map(({ streamType }) => streamType),
        folded: [...new Set(views.folded.map(({ streamType }) => streamType))],
      },
    });
    await openMetricsExport(config, metrics.collect, logger, closers);
    const probes: Probes = {
      readiness: () =>
        readReadiness(health, { release, redisConnected: redisConnected(), projector: projector?.state }),
      metrics: metrics.render,
    };
    const servesApi = config.roles.includes('api');
    if (config.roles.includes('projector')) {
      const onEnded = servesApi ? () => undefined : onObsolete;
      projector = runProjector({ database, bus, logger, closers, tracing, onEnded });
    }
    const stop = () => closers.release();
    const report = (countSockets: () => number) => {
      const load = async () => ({
        sockets: countSockets(),
        subscriptions: metrics.openSubscriptions(),
        lagEvents: (await health()).lagEvents,
      });
      const reported = reportProcess({ database, logger, release, roles: config.roles, load });
      closers.push(() => reported.close());
    };
    if (servesApi) {
      const server = await serve(
        config,
        { source: { database, types }, bus, redis, logger, tracing, metrics, probes },
        closers,
      );
      report(() => server.countSockets());
      const drainAndStop = async () => {
        server.drain();
        await pause(config.drainDelaySeconds * 1000);
        await stop();
      };
      return { url: server.url, probes: server.url, stop: drainAndStop };
    }
    const server = await openProbeServer(probes, config);
    closers.push(() => server.close());
    report(() => 0);
    return { url: undefined, probes: server.url, stop };
  } catch (error) {
    await closers.release();
    throw error;
  }
}

async function serve(
  config: Config,
  opened: {
    source: ReadSource;
    bus: Bus;
    redis: RedisLocation | undefined;
    logger: Logger;
    tracing: Tracing | undefined;
    metrics: Metrics;
    probes: Probes;
  },
  closers: Closers,
): Promise<GraphQLServer> {
  const { bus, redis, logger, tracing, metrics, probes } = opened;
  // For reads only: commands have their own deadlines.
  const { database } = opened.source;
  const source = withReadDeadline(opened.source);
  const cachedSource = { ...source, seen: new ReaderRowCache() };
  const store = openEventStore(database, types, commands => {
    metrics.appended(commands);
    bus.publish('appended', {});
  });
  const openedViews = openLiveViews(liveViews, {
    source,
    start: (await readCheckpoint(database)).position,
    bus,
    logger,
  });
  closers.push(() => {
    openedViews.close();
  });
  const logHub = openHub<never>({
    read: (after, { scopes }) => readGrownStreams(source.database, after, scopes, everything),
    start: await readHead(database),
    bus,
    logger: logger.child({ component: 'log hub' }),
    topic: 'appended',
  });
  closers.push(() => {
    logHub.close();
  });
  const rates = openRates(config.limits, redis, logger, closers);
  const sharedReads = openSharedReads();
  const handle = openCommandBus(store, commandDeciders, {
    logger: logger.child({ component: 'commands' }),
    settled: metrics.commandSettled,
    tracing,
  });
  const dependencies: Dependencies = {
    source,
    cachedSource,
    admission: openAdmission({ maximumCost: config.limits.cost, ...rates, ...metrics }),
    handle,
    mayErase: !config.production || config.erasureList !== undefined,
    erase: openErasure({ database, handle, deciders, list: config.erasureList }),
    viewNames: viewNames(views),
    processes: () => sharedReads.once('processes', () => readProcesses(source.database)),
    tracing,
    counts: {
      ...metrics,

      delivered(kind, origin, startMs) {
        metrics.delivered(kind);
        if (origin) tracing?.record('delivery', origin, startMs, Date.now());
      },
    },
    transportCounts: metrics,
    liveViews: openedViews,
    logHub,
    projections: after =>
      sharedReads.once(JSON.stringify(['projections', after]), () =>
        readProjectionsAfter(source.database, views, after),
      ),
    projectionInterval: openSharedInterval(projectionFrameIntervalMs),
    sharedReads,
    ...openReads({ source, cachedSource }),
  };
  const graphiql = config.graphiql
    ? openGraphiQL({ logger, pageOf: query => graphiqlPage(config.auth, query) })
    : undefined;
  const consoleFiles = config.console ? await loadConsole(config, logger) : undefined;
  const documents = await loadTrustedDocuments(config.trustedDocuments, consoleFiles?.documents, {
    schema,
    limits: { ...config.limits, introspection: config.introspection },
    logger,
  });
  await checkIssuer(config.auth, logger);
  const identify = openIdentity(config.auth, callerIdPrefix, !config.production, metrics.authenticationFailed);
  const server = await openServer({
    schema,
    dependencies,
    identify,
    logger,
    config,
    graphiql,
    consolePages: consoleFiles && openConsolePages(consoleFiles, openConsoleLogin(config, logger)),
    documents,
    plugins,
    probes,
  });
  closers.push(() => server.close());
  return server;
}

function openBus(redis: RedisLocation | undefined, logger: Logger): Promise<Bus> {
  if (redis === undefined) return Promise.resolve(openInProcessBus());
  return openRedisBus(redis, logger.child({ component: 'bus' }));
}
