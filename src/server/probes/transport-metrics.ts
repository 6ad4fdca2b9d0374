import { Counter, Gauge, type Registry } from 'prom-client';
import { authenticationFailures } from '../authentication/token-fault.ts';
import { type TransportCounts, transports } from '../transports/transport-counts.ts';

/** The codes that this server, `ws`, graphql-ws and browsers close with. A client may send any other: `other`. */
const closeCodes = [
  1000, 1001, 1002, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4500,
] as const;

/** Connections and their authentication. */
export function openTransportMetrics(registers: Registry[]): TransportCounts {
  const sockets = new Gauge({
    name: 'orderstream_websockets',
    help: 'Open WebSockets.',
    registers,
  });
  const streams = new Gauge({
    name: 'orderstream_event_streams',
    help: 'Open event streams (server-sent events).',
    registers,
  });
  const closes = new Counter({
    name: 'orderstream_websocket_closes_total',
    help: 'Closed WebSockets by close code: 1012 if this node stopped, 1013 if it sent the client away, 1006 if the connection was lost.',
    labelNames: ['code'],
    registers,
  });
  const slowReaders = new Counter({
    name: 'orderstream_slow_readers_disconnected_total',
    help: 'Clients that were disconnected because they read nothing for 30 s.',
    labelNames: ['transport'],
    registers,
  });
  const failures = new Counter({
    name: 'orderstream_authentication_failures_total',
    help: 'Tokens that were not accepted, by the kind of failure; keys_unavailable: the key set could not be fetched.',
    labelNames: ['kind'],
    registers,
  });
  // All of them begin at zero: otherwise a rate would miss the first.
  for (const code of [...closeCodes, 'other']) closes.inc({ code }, 0);
  for (const transport of transports) slowReaders.inc({ transport }, 0);
  for (const kind of authenticationFailures) failures.inc({ kind }, 0);
  return {
    socketOpened: () => sockets.inc(),
    socketClosed(code) {
      sockets.dec();
      closes.inc({ code: closeCodes.find(one => one === code) ?? 'other' });
    },
    streamOpened() {
      streams.inc();
      return () => streams.dec();
    },
    slowReader: transport => slowReaders.inc({ transport }),
    authenticationFailed: kind => failures.inc({ kind }),
  };
}
