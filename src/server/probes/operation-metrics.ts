import { Counter, type Registry } from 'prom-client';
import { type ErrorCode, errorCodes } from '../../graphql/error-codes.ts';
import type { CountedCode, CountedType } from '../execution/operation-counts.ts';
import { type LimitName, limitNames } from '../limits/limit-names.ts';
import { openTally, TalliedHistogram } from './tally.ts';

const types = ['query', 'mutation', 'subscription', 'unknown'] as const satisfies readonly CountedType[];
const codes = ['OK', ...(Object.keys(errorCodes) as ErrorCode[])] as const satisfies readonly CountedCode[];

export interface OperationMetrics {
  /** An operation was answered; a subscription was started, or rejected. */
  readonly operated: (type: CountedType, code: CountedCode, milliseconds: number) => void;
  /** The cost of an operation, computed before its execution. */
  readonly costed: (cost: number) => void;
  /** A request or a socket was rejected because of the named limit. */
  readonly refused: (limit: LimitName) => void;
  /** A request held the event loop for more than a second. */
  readonly held: () => void;
  readonly flush: () => void;
}

/** Operations of all transports. */
export function openOperationMetrics(registers: Registry[]): OperationMetrics {
  const operations = new Counter({
    name: 'orderstream_operations_total',
    help: 'GraphQL operations by type and code: OK, or the code of the first error. A subscription counts when it starts; a request that is rejected before its operation is known has the type unknown.',
    labelNames: ['type', 'code'],
    registers,
  });
  // They begin at zero: otherwise a rate would miss the first error.
  for (const type of types) for (const code of codes) operations.inc({ type, code }, 0);
  const answered = openTally<'type' | 'code'>(operations);
  const durations = new TalliedHistogram({
    name: 'orderstream_operation_duration_seconds',
    help: 'Duration of an operation, from the check of its cost to its response; of a subscription, until it has started.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    label: { name: 'type', values: types.filter(type => type !== 'unknown') },
    registers,
  });
  const costs = new TalliedHistogram({
    name: 'orderstream_request_cost',
    help: 'Cost of the requested operations.',
    buckets: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000],
    registers,
  });
  const rejections = new Counter({
    name: 'orderstream_limit_rejections_total',
    help: 'Requests, sockets and subscriptions that were rejected because they exceeded a limit, by the name of the limit.',
    labelNames: ['limit'],
    registers,
  });
  for (const limit of limitNames) rejections.inc({ limit }, 0);
  const holds = new Counter({
    name: 'orderstream_requests_held_event_loop_total',
    help: 'Requests that held the event loop for more than a second; a log line has the hash of the document.',
    registers,
  });
  return {
    operated(type, code, milliseconds) {
      answered.add(`${type} ${code}`, 1, () => ({ type, code }));
      if (type !== 'unknown') durations.add(type, milliseconds / 1000);
    },
    costed: cost => costs.add('', cost),
    refused: limit => rejections.inc({ limit }),
    held: () => holds.inc(),
    flush: () => answered.flush(),
  };
}
