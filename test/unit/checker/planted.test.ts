import { expect, test } from 'vitest';
import { onPlantedCopy } from '../../checker/planted-copy.ts';
import { plantedFaults } from '../../checker/planted/all.ts';
import { applied } from '../../checker/planted/planted-fault.ts';

test.each(plantedFaults)('the planted fault "$name" fits the current source', async ({ edits }) => {
  await expect(onPlantedCopy(edits, folder => Promise.resolve(folder))).resolves.toContain('planted');
});

test('a planted fault whose text is missing or occurs twice is an error', () => {
  const edit = { file: 'a.ts', search: 'one', replace: 'two' };
  expect(applied('one;', edit)).toBe('two;');
  expect(() => applied('none of it', { ...edit, search: 'some' })).toThrow('0 times');
  expect(() => applied('one or one', edit)).toThrow('2 times');
});
