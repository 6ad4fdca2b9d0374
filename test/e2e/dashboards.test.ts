import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { describeWithPrograms, installedProgram } from '../support/installed-program.ts';
import { rulesFile, shippedAlerts } from '../support/prometheus.ts';
import { useApp } from '../support/use-shop.ts';

const folder = fileURLToPath(new URL('../../deploy/grafana/', import.meta.url));
const { app } = useApp();
/** What a live /metrics has: the name of a metric, and those of the series of a histogram. */
const existing = new Set<string>();
let scraped: string;

beforeAll(async () => {
  scraped = await (await fetch(`${app.probes}/metrics`)).text();
  for (const [, name, type] of scraped.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) existing.add(name! + suffix);
  }
});

/** `up` is Prometheus' own. */
function unknownMetrics(expressions: readonly string[]): string[] {
  const names = expressions.flatMap(one => one.match(/\b(?:orderstream|nodejs|process)_\w+/g) ?? []);
  expect(names.length).toBeGreaterThan(0);
  return [...new Set(names)].filter(name => !existing.has(name));
}

test('every metric in the alerts is one of a live /metrics', async () => {
  expect(unknownMetrics((await shippedAlerts()).map(({ expr }) => expr))).toEqual([]);
});

test('every metric in the dashboards is one of a live /metrics, and their panels do not overlap', async () => {
  for (const file of await readdir(folder)) {
    const text = await readFile(folder + file, 'utf8');
    const { panels } = JSON.parse(text) as { panels: readonly Panel[] };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(unknownMetrics(expressions), file).toEqual([]);
    for (const expr of expressions) expect(expr).toContain('job="$job"');
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size, `${file}: cells`).toBe(cells.length);
  }
});

describeWithPrograms(['promtool'], 'promtool', () => {
  test('finds that every own metric is named by the conventions of Prometheus', async () => {
    const child = spawn(installedProgram('promtool')!, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const complaints = Promise.all([readText(child.stdout), readText(child.stderr)]);
    child.stdin.end(scraped);
    const lines = (await complaints).join('\n').split('\n');
    expect(lines.filter(line => line.includes('orderstream_'))).toEqual([]);
    expect(lines.join('\n')).not.toContain('error while linting');
  });
});

test('every own metric is in an alert, its runbook or a dashboard, so that none is kept for nothing', async () => {
  const runbooks = fileURLToPath(new URL('../../docs/operating/alerts.md', import.meta.url));
  const files = [...(await readdir(folder)).map(file => folder + file), rulesFile, runbooks];
  const shown = (await Promise.all(files.map(file => readFile(file, 'utf8')))).join('\n');
  const own = [...existing].map(name => name.replace(/_(?:bucket|sum|count)$/, ''));
  expect(own.filter(name => name.startsWith('orderstream_') && !shown.includes(name))).toEqual([]);
});

interface Panel {
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
