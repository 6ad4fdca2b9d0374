import { Gauge, type Registry } from 'prom-client';
import type { Health } from '../../operator/health.ts';

const roles = ['api', 'projector'] as const;

/**
 * Gauges that come from the database. Every process reports the same, so rules take one of them.
 * @param aggregates the types of the streams that views fold
 * @returns sets them; without an argument it removes them, because their last values would be wrong
 */
export function openHealthMetrics(
  registers: Registry[],
  aggregates: readonly string[],
): (health: Health | undefined) => void {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const head = gauge('orderstream_log_position', 'Position of the last event in the log.');
  const lagEvents = gauge(
    'orderstream_view_lag_events',
    'Stored events that are not in the views yet; absent if the database did not answer.',
  );
  const lagSeconds = gauge(
    'orderstream_view_lag_seconds',
    'Age of the oldest stored event that is not in the views yet.',
  );
  const readOnly = gauge(
    'orderstream_database_read_only',
    '1 if the database of this process takes no writes: it is a standby, or writes are switched off.',
  );
  const failed = gauge(
    'orderstream_projection_failed',
    '1 if an error stops the projector; orderstream status and the log have it.',
  );
  const parked = new Gauge({
    name: 'orderstream_parked_streams',
    help: 'Streams with an event that the views cannot fold; their rows are not updated.',
    labelNames: ['aggregate'],
    registers,
  });
  const rebuilt = gauge(
    'orderstream_rebuild_processed_events',
    'Events that the running rebuild has folded; absent if none is running.',
  );
  const toRebuild = gauge('orderstream_rebuild_total_events', 'Events that the running rebuild has to fold.');
  const processes = new Gauge({
    name: 'orderstream_processes',
    help: 'Running processes of the deployment by role; a process with both roles counts for each.',
    labelNames: ['role'],
    registers,
  });
  const releases = gauge('orderstream_releases', 'Different releases among the running processes.');
  const verifiedAt = gauge(
    'orderstream_last_verify_timestamp_seconds',
    'When the last `orderstream verify` ended; 0 if there was none.',
  );
  const verifiedTo = gauge('orderstream_last_verify_position', 'The last event that it verified.');
  const faults = gauge('orderstream_last_verify_faults', 'The faults that it found.');
  const plain = [head, lagEvents, lagSeconds, readOnly, failed, rebuilt, toRebuild, releases];
  const all = [...plain, parked, processes, verifiedAt, verifiedTo, faults];

  return health => {
    for (const one of all) one.reset();
    for (const one of [...plain, verifiedAt, verifiedTo, faults]) one.remove();
    if (health === undefined) return;
    head.set(health.head);
    lagEvents.set(health.lagEvents);
    lagSeconds.set(health.lagSeconds);
    readOnly.set(Number(health.isReadOnly));
    failed.set(Number(health.isProjectorFailed));
    for (const aggregate of aggregates) parked.set({ aggregate }, health.parkedStreams[aggregate] ?? 0);
    for (const role of roles) {
      processes.set({ role }, health.processes.filter(one => one.roles.includes(role)).length);
    }
    releases.set(new Set(health.processes.map(({ release }) => release)).size);
    if (health.rebuild) {
      rebuilt.set(health.rebuild.processed);
      toRebuild.set(health.rebuild.total);
    }
    verifiedAt.set(health.verification?.atSeconds ?? 0);
    if (health.verification) {
      verifiedTo.set(health.verification.position);
      faults.set(health.verification.faults);
    }
  };
}
