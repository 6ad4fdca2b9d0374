import { expect, test } from 'vitest';
import { planOf } from '../../checker/plan.ts';
import { rosterOf } from '../../checker/roster.ts';

const size = { repeats: 1, length: 200 };

test('a seed always gives the same commands and faults, and another seed gives others', () => {
  expect(planOf(7, size)).toEqual(planOf(7, size));
  expect(planOf(8, size).phases).not.toEqual(planOf(7, size).phases);
});

test('with any seed, 0, 10, 50 and 100 % of hints are lost, and every kind of fault happens', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { phases } = planOf(seed, size);
    expect([...new Set(phases.map(({ hintsLost }) => hintsLost))]).toEqual([0, 0.1, 0.5, 1]);
    expect(phases.some(({ answersLate, hintsLost }) => answersLate > 0 && hintsLost === 0)).toBe(true);
    const faults = phases.flatMap(phase => phase.faults);
    expect(new Set(faults.map(({ fault }) => fault.type)).size).toBe(9);
    expect(faults.every(({ after }) => after >= 0 && after < size.length)).toBe(true);
    const projectors = faults.flatMap(({ fault }) => (fault.type === 'kill projector' ? [fault.projector] : []));
    expect(projectors.toSorted()).toEqual([0, 1]);
  }
});

test('there are subscribers of every kind on both transports, staff and customers, with and without a filter', () => {
  const roster = rosterOf(planOf(1, size), 38);
  expect(new Set(roster.map(({ kind, transport }) => `${kind} ${transport}`)).size).toBe(10);
  const lists = roster.filter(({ kind }) => kind === 'customerOrdersUpdated');
  expect(new Set(lists.map(({ viewer, statusIn }) => `${viewer.role} ${statusIn?.length ?? 0}`)).size).toBe(4);
  expect(new Set(roster.map(({ name }) => name)).size).toBe(38);
  const rolesOf = new Map<string, Set<string>>();
  for (const { kind, id, statusIn, viewer } of roster) {
    const key = JSON.stringify([kind, id, statusIn]);
    rolesOf.set(key, (rolesOf.get(key) ?? new Set()).add(viewer.role));
  }
  const mixed = [...rolesOf.values()].filter(({ size }) => size === 2);
  expect(mixed.length).toBeGreaterThan(7); // watched by viewers with different rights
});
