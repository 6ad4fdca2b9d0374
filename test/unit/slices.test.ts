import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isEnumType } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/commands/decider.ts';
import { registerNode } from '../../src/graphql/node.ts';
import { viewNames } from '../../src/projections/view.ts';
import { schema } from '../../src/schema.ts';
import { commandDeciders, deciders, type Slice, slices, views } from '../../src/slices.ts';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
const folders = files.filter(file => /^[\w-]+\/decider\.ts$/.test(file) && !file.startsWith('commands/'));
const sliceNames = folders.map(file => file.split('/')[0]!);

/** Which values are in the list more than once. */
function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

describe('the list of slices', () => {
  test.each(sliceNames)('has the slice of src/%s', async name => {
    const { [`${name}Slice`]: slice } = (await import(`../../src/${name}/slice.ts`)) as Record<string, Slice>;
    expect(slices, `add ${name}Slice to src/slices.ts`).toContain(slice);
    const { [`${name}Decider`]: decider } = (await import(`../../src/${name}/decider.ts`)) as Record<string, unknown>;
    expect(slice!.decider, `src/${name}/slice.ts names another decider`).toBe(decider);
  });

  test.each(sliceNames)('has the live views that src/%s declares', async name => {
    const { [`${name}Slice`]: slice } = (await import(`../../src/${name}/slice.ts`)) as Record<string, Slice>;
    for (const file of files.filter(one => one.startsWith(`${name}/views/`))) {
      const exported = Object.entries((await import(`../../src/${file}`)) as Record<string, unknown>);
      for (const [exportName, value] of exported) {
        const isLiveView = typeof value === 'object' && value !== null && 'rows' in value;
        if (isLiveView) expect(slice!.liveViews, `add ${exportName} to src/${name}/slice.ts`).toContain(value);
      }
    }
  });

  test('has no stream type, id prefix or table twice', () => {
    expect(sliceNames).toHaveLength(slices.length);
    expect(repeated(deciders.map(({ streamType }) => streamType))).toEqual([]);
    expect(repeated(deciders.map(({ idPrefix }) => idPrefix))).toEqual([]);
    expect(repeated(viewNames(views))).toEqual([]);
  });

  test.each(slices)('has only views of the aggregate $decider.streamType beside its decider', slice => {
    const { folded, derived, summed }: Slice['views'] = slice.views;
    const sources = [...folded, ...derived.map(({ source }) => source), ...summed.map(({ source }) => source)];
    expect(sources.length, `src/${slice.decider.streamType}/slice.ts has no view`).toBeGreaterThan(0);
    expect(new Set(sources.map(({ streamType }) => streamType))).toEqual(new Set([slice.decider.streamType]));
  });
});

describe.each(deciders)('the aggregate $streamType', decider => {
  test('has ids with three lower-case letters, by which `node` finds it', () => {
    expect(decider.idPrefix).toMatch(/^[a-z]{3}$/);
    const register = () => registerNode(decider.idPrefix, {} as never, () => Promise.resolve(null));
    expect(register, `call registerNode in src/${decider.streamType}/graphql`).toThrow('is registered already');
  });

  test('has sentences for its reasons in the public schema', () => {
    const reasons = schema.getType('RejectionReason');
    if (!isEnumType(reasons)) throw new Error('the schema has no RejectionReason');
    for (const [reason, description] of Object.entries(decider.reasons)) {
      expect(description, reason).toMatch(/^[A-Z].+\.$/);
      expect(reasons.getValue(reason)?.description, reason).toBe(description);
    }
  });

  test('has its events in the catalogue', async () => {
    const catalogue = await readFile('docs/events.md', 'utf8');
    for (const type of Object.keys(decider.schemaVersions)) {
      expect(catalogue, `add ${type} to docs/events.md`).toMatch(
        new RegExp(`^\\| ${decider.streamType} +\\| \`${type}\``, 'm'),
      );
    }
  });

  test('is erased by one of its own commands, which operators may send', () => {
    if (decider.erasure === 'none') return;
    expect(decider.rights[decider.erasure.type]).toBe('operator');
  });
});

test('the public schema has no reason that no aggregate has', () => {
  const reasons = schema.getType('RejectionReason');
  const known = new Set(commandDeciders.flatMap(decider => Object.keys(decider.reasons)));
  expect(isEnumType(reasons) && reasons.getValues().filter(({ name }) => !known.has(name))).toEqual([]);
});

describe('the machinery names no slice', () => {
  // These are about this shop, or for this API: what they show and send is orders.
  const ofThisShop =
    /^(?:development|client|console|simulation|graphiql|generated|cli\/(?:import|simulate|watch|order)\b)/;
  const machinery = files.filter(file => !sliceNames.includes(file.split('/')[0]!) && !ofThisShop.test(file));
  const roles: readonly string[] = ['customer', 'staff', 'operator'] satisfies Actor['role'][];
  const words = [
    ...viewNames(views),
    ...deciders.flatMap(({ schemaVersions, rights, reasons }) =>
      [schemaVersions, rights, reasons].flatMap(named => Object.keys(named)),
    ),
  ];
  const names = deciders.map(({ idPrefix }) => `\\b${idPrefix}_|['"\`]${idPrefix}['"\`]`);
  // The customer's stream type is also a role, which the machinery knows.
  const types = deciders.filter(({ streamType }) => !roles.includes(streamType));
  const quoted = types.map(({ streamType }) => `['"\`]${streamType}['"\`]`);
  const anyName = new RegExp([`\\b(?:${words.join('|')})\\b`, ...names, ...quoted].join('|'));

  test.each(machinery)('src/%s', file => {
    const lines = readFileSync(`src/${file}`, 'utf8').split('\n');
    const naming = lines.map((line, index) => `${index + 1}: ${line.trim()}`).filter(line => anyName.test(line));
    expect(naming, `take it from src/slices.ts`).toEqual([]);
  });
});
