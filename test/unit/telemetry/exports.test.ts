import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { openClosers } from '../../../src/async/closers.ts';
import { openMetricsExport, openTraces } from '../../../src/telemetry/exports.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';

test('if the collector refuses metrics, the log says that metrics could not be sent, once, and nothing of traces', async () => {
  const collector = createServer((_request, response) => response.writeHead(400).end());
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const config = { otlpEndpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` };
  const warn = vi.fn<(fields: { err: unknown }, message: string) => void>();
  const logger = { warn } as unknown as Logger;
  const closers = openClosers();
  await openTraces(config, logger, closers);
  await openMetricsExport(config, () => Promise.resolve([]), logger, closers);
  await closers.release(); // sends once more
  expect(warn.mock.calls).toEqual([[{ err: expect.any(Error) }, 'metrics could not be sent']]);
  collector.closeAllConnections();
  await new Promise(resolve => collector.close(resolve));
});
