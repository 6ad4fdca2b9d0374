import { describe, expect, test } from 'vitest';
import { deriveId, kindOfId, newId, parseId, uuidV5 } from '../../src/ids.ts';

describe('ids', () => {
  test('a fresh id is well-formed and of its kind', () => {
    const id = newId('evt');
    expect(kindOfId(id)).toBe('evt');
    expect(parseId('evt', id)).toBe(id);
    expect(parseId('ord', id)).toBeUndefined();
    expect(newId('evt')).not.toBe(id);
  });

  test.each([
    'cus_00000000-0000-4000-8000-00000000000',
    'cus_00000000-0000-4000-8000-0000000000000',
    'cus_00000000-0000-4000-8000-00000000000A',
    'CUS_00000000-0000-4000-8000-000000000000',
    'xcus_00000000-0000-4000-8000-000000000000',
    'cus_000000000000-4000-8000-000000000000',
    'cus-00000000-0000-4000-8000-000000000000',
    'cus_00000000-0000-4000-8000-000000000000\n',
    '00000000-0000-4000-8000-000000000000',
    '',
  ])('%j is no id: one thing has one spelling', text => {
    expect(kindOfId(text)).toBeUndefined();
    expect(parseId('cus', text)).toBeUndefined();
  });

  test('UUIDv5 is that of RFC 9562, for ever', () => {
    const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(deriveId('prd', dns, 'www.example.com')).toBe('prd_2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });
});
