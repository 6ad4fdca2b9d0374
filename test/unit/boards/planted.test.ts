import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { plantedFaults } from '../../boards/planted.ts';
import { scenarios } from '../../boards/scenarios.ts';
import { applied } from '../../checker/planted/planted-fault.ts';

test.each(plantedFaults)('the planted fault "$name" fits the current source, and its scenario exists', async fault => {
  for (const edit of fault.edits) {
    const source = await readFile(new URL(`../../../src/${edit.file}`, import.meta.url), 'utf8');
    expect(applied(source, edit)).not.toBe(source);
  }
  expect(scenarios.map(({ name }) => name)).toContain(fault.scenario);
});
