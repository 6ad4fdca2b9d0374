import type { Closers } from './async/closers.ts';
import type { Database } from './database/database.ts';
import { openEventStore } from './event-store/event-store.ts';
import type { Bus } from './live/bus.ts';
import { appendRetry } from './operator/append-retry.ts';
import { type Projector, startProjector } from './projections/projector.ts';
import { startRebuilder } from './projections/rebuilder.ts';
import { tracedProjection } from './projections/traced-projection.ts';
import { types, views } from './slices.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Tracing } from './telemetry/tracing.ts';

/** What a process with the role `projector` does: it folds the log into the views, and carries out requested rebuilds. */
export function runProjector(opened: {
  database: Database;
  bus: Bus;
  logger: Logger;
  closers: Closers;
  tracing: Tracing | undefined;
  onEnded: () => void;
}): Projector {
  const { database, bus, logger, closers, tracing, onEnded } = opened;
  const untraced = openEventStore(database, types, () => undefined);
  const traced = tracing && tracedProjection(untraced, tracing);
  const store = traced?.store ?? untraced;
  const projector = startProjector({
    database,
    store,
    views,
    logger: logger.child({ component: 'projector' }),
    onProjected: to => {
      traced?.projected(to);
      bus.publish('projected', { to });
    },
    onEnded,
  });
  closers.push(() => projector.stop());
  const rebuilder = startRebuilder({
    database,
    store: untraced,
    views,
    logger: logger.child({ component: 'rebuild' }),
    retry: stream => appendRetry(untraced, stream, { role: 'operator', subject: 'orderstream' }),
  });
  closers.push(() => rebuilder.stop());
  closers.push(
    bus.subscribe('appended', () => {
      projector.wake();
    }),
  );
  return projector;
}
