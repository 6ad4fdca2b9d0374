import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyedHash, open, seal } from '../../../src/event-store/personal-data.ts';

const key = randomBytes(32);
const personal = { name: 'Ada, Gräfin Lovelace 你好 🖋', email: 'ada@example.com' };

describe('sealed personal data', () => {
  test('opens to the same text, whatever the text', () => {
    const text = fc.string({ unit: 'binary' });
    const texts = fc.dictionary(text, text, { maxKeys: 3 });
    fc.assert(
      fc.property(texts, sealed => {
        const plain = JSON.parse(JSON.stringify(sealed)) as object;
        expect(open(key, 'cus_1', seal(key, 'cus_1', sealed))).toEqual(plain);
      }),
    );
  });

  test('reveals nothing without the key, not even whether two texts are equal', () => {
    const [one, other] = [seal(key, 'cus_1', personal), seal(key, 'cus_1', personal)];
    expect(Buffer.from(one, 'base64').toString('latin1')).not.toMatch(/Ada|example/);
    expect(one).not.toBe(other);
    expect(one.slice(0, 16)).not.toBe(other.slice(0, 16)); // the initialisation vector: never the same twice under one key
  });

  test('is base64 of 12 bytes, 16 bytes and the ciphertext, as stored data is', () => {
    const bytes = Buffer.from(seal(key, 'cus_1', personal), 'base64');
    expect(bytes.length).toBe(12 + 16 + Buffer.byteLength(JSON.stringify(personal)));
  });

  test('opens with no other key and in no other stream', () => {
    const sealed = seal(key, 'cus_1', personal);
    expect(() => open(randomBytes(32), 'cus_1', sealed)).toThrow();
    expect(() => open(key, 'cus_2', sealed)).toThrow();
  });

  test('does not open if any of its bytes was changed', () => {
    const sealed = Buffer.from(seal(key, 'cus_1', personal), 'base64');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => open(key, 'cus_1', changed.toString('base64')), `byte ${at}`).toThrow();
    }
  });
});

test('the keyed hash of a command is that of stored events, and differs under another key', () => {
  const hash = 'ab'.repeat(32);
  const stored = '4cbda8a5f8b3f613dfdf7a102ff79bd5ebf868ea7d40b815994f863be7d59a91';
  expect(keyedHash(Buffer.alloc(32, 7), hash)).toBe(stored);
  expect(keyedHash(Buffer.alloc(32, 8), hash)).not.toBe(stored);
});
