import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp } from '../support/app.ts';
import { openEventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { freshDatabase } from '../support/postgres.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}
interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: {
    readonly dataPoints: readonly {
      readonly count: number;
      readonly bucketCounts: readonly number[];
      readonly explicitBounds: readonly number[];
    }[];
  };
}
interface Point {
  readonly asDouble: number;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}
interface MetricsExport {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}
interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

/** Receives spans and metrics as a collector does. */
async function openCollector() {
  const spans: Span[] = [];
  const metrics: Metric[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/v1/metrics') {
        const { resourceMetrics } = JSON.parse(body) as MetricsExport;
        metrics.push(...resourceMetrics.flatMap(one => one.scopeMetrics.flatMap(scope => scope.metrics)));
      } else {
        const { resourceSpans } = JSON.parse(body) as Export;
        spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(scope => scope.spans)));
      }
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { spans, metrics, url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test('one trace has the command, its append, its projection and its delivery, and the frame contains its trace id', async () => {
  const collector = await openCollector();
  const database = await freshDatabase();
  const app = await startApp({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const shop = await openShop(app.url);
  const socket = await connectSocket(app.url, shop.customer.token);
  const orders = socket.subscribe(`subscription { customerOrdersUpdated(customerId: "${shop.customer.id}") { kind } }`);
  await orders.next();

  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const { orderId } = accepted(
    await post(
      app.url,
      CreateOrderDocument,
      { input },
      { token: shop.customer.token, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } },
    ),
  );
  const frame = await orders.next();
  expect(frame).toMatchObject({ extensions: { kind: 'UPDATE', correlationId: traceId } });
  const history = `query ($id: ID!) { order(id: $id) { history { nodes { correlationId } } } }`;
  const { data } = await post(app.url, history, { id: orderId }, { token: shop.customer.token });
  expect(data).toMatchObject({
    order: { history: { nodes: [{ correlationId: traceId }, { correlationId: traceId }] } },
  });

  await eventually(() => {
    const ours = collector.spans.filter(span => span.traceId === traceId);
    expect(ours.map(({ name }) => name).sort()).toEqual(['append', 'command CreateOrder', 'delivery', 'projection']);
    const command = ours.find(({ name }) => name === 'command CreateOrder');
    expect(command?.parentSpanId).toBe('00f067aa0ba902b7');
    const append = ours.find(({ name }) => name === 'append');
    expect(append?.parentSpanId).toBe(command?.spanId);
    for (const name of ['projection', 'delivery']) {
      expect(ours.find(span => span.name === name)?.parentSpanId).toBe(append?.spanId);
    }
  });
  await socket.close();
  await app.stop();
  await database.drop();
  collector.close();
});

test("a caller's trace continues with its parent and its sampled flag, whatever the correlation id; otherwise a new trace begins", async () => {
  const collector = await openCollector();
  const database = await freshDatabase();
  const app = await startApp({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const shop = await openShop(app.url);
  const { token, id } = shop.customer;
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const create = (headers: Record<string, string>) =>
    post(app.url, CreateOrderDocument, { input }, { token, headers }).then(accepted);
  const query = (headers: Record<string, string>) =>
    post(app.url, `{ customer(id: "${id}") { id } }`, {}, { token, headers });
  const socket = await connectSocket(app.url, token);
  const watch = `subscription { customerOrdersUpdated(customerId: "${id}") { kind } }`;
  const orders = socket.subscribe(watch);
  await orders.next();
  const parent = 'b7ad6b7169203331';
  const traceparent = (trace: string, flags: string) => `00-${trace.repeat(32)}-${parent}-${flags}`;

  // As Envoy and ingress-nginx do: their own request id beside the caller's trace.
  const proxied = { 'x-request-id': 'a-proxys-own-id', tracestate: 'vendor=1' };
  await create({ ...proxied, traceparent: traceparent('a', '01') });
  expect(await orders.next()).toMatchObject({ extensions: { correlationId: 'a-proxys-own-id' } });
  await create({ ...proxied, traceparent: traceparent('b', '00') });
  await orders.next();
  await query({ traceparent: traceparent('b', '00') });
  await query({ traceparent: traceparent('c', '01') });
  const requestId = 'dddddddd-dddd-4ddd-8ddd-dddddddddddd';
  await query({ 'x-request-id': requestId, traceparent: 'no trace at all' });
  const stream = await openEventStream(app.url, watch, {}, { token, headers: { traceparent: traceparent('e', '01') } });
  await stream.next();
  stream.close();
  await stream.ended;
  await socket.close();
  await app.stop(); // sends the remaining spans

  const spansOf = (trace: string) =>
    collector.spans.filter(({ traceId }) => traceId === trace).map(span => [span.name, span.parentSpanId ?? '']);
  const ofA = spansOf('a'.repeat(32));
  expect(ofA.map(([name]) => name).sort()).toEqual(['append', 'command CreateOrder', 'delivery', 'projection']);
  expect(ofA).toContainEqual(['command CreateOrder', parent]);
  expect(spansOf('b'.repeat(32))).toEqual([]);
  expect(spansOf('c'.repeat(32))).toEqual([['query', parent]]);
  expect(spansOf(requestId.replaceAll('-', ''))).toEqual([['query', '']]);
  expect(spansOf('e'.repeat(32))).toEqual([['subscription', parent]]);
  await database.drop();
  collector.close();
});

test('an unavailable collector affects no request', async () => {
  const database = await freshDatabase();
  const app = await startApp({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  await openShop(app.url);
  await app.stop();
  await database.drop();
});

test('the metrics of /metrics arrive at the collector, counters, gauges and histograms alike', async () => {
  const collector = await openCollector();
  const database = await freshDatabase();
  const app = await startApp({ DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const shop = await openShop(app.url);
  for (let sent = 0; sent < 3; sent++) await post(app.url, '{ products { totalCount } }', {}, { token: shop.staff });
  const scraped = await (await fetch(`${app.probes}/metrics`)).text();
  await app.stop(); // sends what was not sent yet

  const named = new Map(collector.metrics.map(metric => [metric.name, metric]));
  const scrapedNames = [...scraped.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  expect([...named.keys()].sort()).toEqual(scrapedNames.sort());
  const queries = named.get('orderstream_operations_total')?.sum?.dataPoints.find(({ attributes }) => {
    const labels = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
    return labels['type'] === 'query' && labels['code'] === 'OK';
  });
  expect(queries?.asDouble).toBe(3);
  expect(named.get('orderstream_database_up')?.gauge?.dataPoints).toMatchObject([{ asDouble: 1 }]);
  const [durations] = named.get('orderstream_operation_duration_seconds')?.histogram?.dataPoints ?? [];
  expect(durations?.count).toBe(3);
  expect(durations?.bucketCounts.reduce((sum, count) => sum + count)).toBe(3);
  expect(durations?.bucketCounts).toHaveLength(durations!.explicitBounds.length + 1);
  await database.drop();
  collector.close();
});
