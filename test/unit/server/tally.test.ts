import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openTally, TalliedHistogram } from '../../../src/server/probes/tally.ts';

const buckets = [0.1, 0.5, 1, 10];
const kinds = ['one', 'two'] as const;
const describedAs = { name: 'seconds', help: 'Some time.', buckets };

test('a tallied histogram reports what a histogram of prom-client reports', async () => {
  const observation = fc.tuple(
    fc.constantFrom(...kinds),
    fc.oneof(fc.constantFrom(0, ...buckets), fc.double({ min: 0, max: 20, noNaN: true })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(observation), async observations => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const label = { name: 'kind', values: kinds };
      const tallied = new TalliedHistogram({ ...describedAs, label, registers: [ours] });
      const plain = new Histogram({ ...describedAs, labelNames: ['kind'], registers: [theirs] });
      for (const kind of kinds) plain.zero({ kind });
      for (const [kind, value] of observations) {
        tallied.add(kind, value);
        plain.observe({ kind }, value);
      }
      expect((await ours.metrics()).split('\n').sort()).toEqual((await theirs.metrics()).split('\n').sort());
      expect(await withoutExemplars(ours)).toEqual(await withoutExemplars(theirs));
    }),
  );
});

/** The form that OpenTelemetry gets. */
async function withoutExemplars(registry: Registry): Promise<unknown> {
  return JSON.parse(
    JSON.stringify(await registry.getMetricsAsJSON(), (key, value: unknown) =>
      key === 'exemplar' ? undefined : value,
    ),
  );
}

test('a histogram without a label begins at zero, and an unknown label value is an error of the code', async () => {
  const registry = new Registry();
  const tallied = new TalliedHistogram({ ...describedAs, registers: [registry] });
  expect(await registry.metrics()).toContain('seconds_count 0');
  tallied.add('', 0.2);
  expect(await registry.metrics()).toContain('seconds_bucket{le="0.5"} 1');
  expect(() => tallied.add('three', 1)).toThrow('seconds has no label value three');
});

test('a tally adds its counts to the counter once', async () => {
  const registry = new Registry();
  const counter = new Counter({ name: 'things_total', help: 'Things.', labelNames: ['kind'], registers: [registry] });
  const tally = openTally<'kind'>(counter);
  for (const kind of ['one', 'two', 'one']) tally.add(kind, 2, () => ({ kind }));
  tally.flush();
  tally.flush();
  expect(await registry.metrics()).toContain('things_total{kind="one"} 4\nthings_total{kind="two"} 2');
});
