import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { describeWithPrograms, installedProgram } from '../support/installed-program.ts';
import { type Prometheus, shippedAlerts, startPrometheus } from '../support/prometheus.ts';
import { describeWithRedis } from '../support/redis.ts';
import { scenes } from './alerts/scenes.ts';

const alerts = (await shippedAlerts()).map(({ alert }) => alert);

test('every shipped alert has a scene here and a runbook', async () => {
  expect(alerts).toEqual([...new Set(alerts)]);
  expect(Object.keys(scenes).sort()).toEqual([...alerts].sort());
  const runbooks = await readFile(new URL('../../docs/operating/alerts.md', import.meta.url), 'utf8');
  for (const { alert, annotations } of await shippedAlerts()) {
    expect(annotations.runbook).toBe(`docs/operating/alerts.md#${alert.toLowerCase()}`);
    expect(runbooks).toContain(`\n### ${alert}\n`);
  }
});

describeWithRedis('a Prometheus that scrapes live nodes', () => {
  describeWithPrograms(['prometheus'], 'with the shipped rules', () => {
    let prometheus: Prometheus;
    beforeAll(async () => {
      prometheus = await startPrometheus(installedProgram('prometheus')!);
    });
    afterAll(() => prometheus.stop());

    test.each(alerts)('%s is quiet on a sound node, and fires when the node comes into the state', async alert => {
      const scene = await scenes[alert]!();
      const job = `orderstream-${alert}`;
      const isFiring = () => prometheus.count(`ALERTS{alertname="${alert}", job="${job}", alertstate="firing"}`);
      await prometheus.scrape(job, scene.probes, scene.isDatabaseAway ? 3 : 1);
      // Two scrapes of a sound node: of a counter that begins later, Prometheus would not see the increase.
      await eventually(async () => expect(await prometheus.count(`count_over_time(up{job="${job}"}[1m]) > 1`)).toBe(1));
      await eventually(async () => expect(await prometheus.count(`up{job="${job}"} == 1`)).toBe(1));
      expect(await isFiring()).toBe(0);
      await scene.provoke();
      await eventually(async () => expect(await isFiring()).toBeGreaterThan(0), 120_000);
      await scene.end();
    });
  });
});
