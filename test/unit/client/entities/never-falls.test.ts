import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEntityVersions } from '../../../../src/client/entity-versions.ts';
import { neverFalls } from './never-falls.ts';
import { type Fault, registerWith } from './planted-fault.ts';

test('no version ever falls, and no object mixes two versions, whatever arrives when', () => {
  const details = neverFalls(createEntityVersions, { numRuns: 60 });
  expect(details.failed, `${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}`).toBe(false);
});

// Each of these must be found, or the property above says nothing.
const faults: Record<string, Fault> = {
  'an older answer overwrites a newer version': {
    file: 'entity-versions.ts',
    code: 'if (known && version < known.version) return;',
    instead: '',
  },
  'a newer version keeps fields of the older one': {
    file: 'entity-versions.ts',
    code: 'known?.version === version ? ',
    instead: 'known ? ',
  },
  'an older answer is returned as it is': {
    file: 'entity-versions.ts',
    code: 'known.version >= identity.version',
    instead: 'known.version === identity.version',
  },
  'an answer stays older if a field is unknown': {
    file: 'entity-versions.ts',
    code: 'if (newest !== undefined || isComplete) return newest;',
    instead: 'if (newest !== undefined) return newest;',
  },
  'an answer is brought up to date before all of it is recorded': {
    file: 'entity-versions.ts',
    code: `record(data, selection, path, '', changed);
      const newest = renewed(data, selection, path, true) as Data | undefined;`,
    instead: `const newest = renewed(data, selection, path, true) as Data | undefined;
      record(data, selection, path, '', changed);`,
  },
  'pages with other arguments are one page': {
    file: 'selected-fields.ts',
    code: 'signature: name + argumentsText(node.arguments, context.variables)',
    instead: 'signature: name',
  },
  'pages have no version': {
    file: 'entity-versions.ts',
    code: "return stateFields[type] === 'position' || stateFields[type] === '';",
    instead: 'return false;',
  },
  'the name that arrived last wins, not the later one': {
    file: 'entity-records.ts',
    code: ': receivedAt > beforeAt;',
    instead: ': true;',
  },
  'different selections of the same object replace each other': {
    file: 'entity-records.ts',
    code: 'return mergeStates(before, received);',
    instead: 'return received;',
  },
};

test.each(Object.entries(faults))('the property finds this fault: %s', async (_, fault) => {
  const details = neverFalls(await registerWith(fault), { numRuns: 100, seed: 1, endOnFailure: true });
  expect(details.failed).toBe(true);
});
