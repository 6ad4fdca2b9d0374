import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { deriveId, kindOfId, newCommandId, newId, parseId, uuidV5 } from '../../src/ids.ts';

describe('ids', () => {
  test('a new id is valid, with the prefix of its kind', () => {
    const id = newId('evt');
    expect(kindOfId(id)).toBe('evt');
    expect(parseId('evt', id)).toBe(id);
    expect(parseId('ord', id)).toBeUndefined();
    expect(newId('evt')).not.toBe(id);
  });

  test('a new command id is a UUID of version 7: random, and later ones sort after earlier ones', async () => {
    const start = Date.now();
    const id = newCommandId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const milliseconds = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(start);
    expect(milliseconds).toBeLessThanOrEqual(Date.now());
    const many = new Set(Array.from({ length: 10_000 }, newCommandId));
    expect(many.size).toBe(10_000);
    await sleep(5);
    const later = newCommandId();
    expect([...many, id].filter(earlier => earlier >= later)).toEqual([]);
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
  ])('%j is not a valid id: each id has one spelling', text => {
    expect(kindOfId(text)).toBeUndefined();
    expect(parseId('cus', text)).toBeUndefined();
  });

  test('UUIDv5 follows RFC 9562 and never changes', () => {
    const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(deriveId('prd', dns, 'www.example.com')).toBe('prd_2ed6657d-e927-568b-95e1-2665a8aea6a2');
    // No UUID of a known version, and no valid Unicode.
    const odd = '00000000-0000-0000-0000-00000000000f';
    expect(uuidV5(odd, '')).toBe('2c359e49-3fe6-57cb-81fa-fc84b4196ce9');
    expect(uuidV5(odd, 'ünï\ud800')).toBe('441da514-474e-5f20-a867-dfb536bdd677');
  });
});
