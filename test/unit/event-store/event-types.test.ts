import { describe, expect, test } from 'vitest';
import { bringUp, eventTypes, UnknownEventError } from '../../../src/event-store/event-types.ts';

/** Each upcast records the version that it came from. */
const types = eventTypes([
  {
    streamType: 'letter',
    schemaVersions: { LetterSent: 3, LetterRead: 1 },
    upcast: ({ type, data }, schemaVersion) => ({
      type,
      data: { ...(data as object), [`from${schemaVersion}`]: true },
    }),
  },
  {
    streamType: 'note',
    schemaVersions: { NoteTaken: 2 },
    upcast: ({ data }) => ({ type: 'NoteTaken', data }),
  },
]);
const bring = (streamType: string, type: string, schemaVersion: number) =>
  bringUp(types, streamType, { type, data: { text: 'Hello' } }, schemaVersion);

describe('a stored event', () => {
  test('is upcast to the newest version through each version in between, once and in order', () => {
    const read = bring('letter', 'LetterSent', 1);
    expect(read).toEqual({ type: 'LetterSent', data: { text: 'Hello', from1: true, from2: true }, schemaVersion: 3 });
    expect(Object.keys(read.data)).toEqual(['text', 'from1', 'from2']);
    expect(bring('letter', 'LetterSent', 2).data).toEqual({ text: 'Hello', from2: true });
  });

  test('of the newest version is not changed', () => {
    expect(bring('letter', 'LetterSent', 3).data).toEqual({ text: 'Hello' });
    expect(bring('letter', 'LetterRead', 1)).toEqual({ type: 'LetterRead', data: { text: 'Hello' }, schemaVersion: 1 });
  });

  test.each([
    ['schema version', 'letter', 'LetterSent', 4],
    ['type', 'letter', 'LetterBurnt', 1],
    ['type of another stream', 'note', 'LetterSent', 1],
    ['stream type', 'parcel', 'LetterSent', 1],
  ])(
    'with an unknown %s stops its reader, with an error that names it and the remedy',
    (_, streamType, type, schemaVersion) => {
      const read = () => bring(streamType, type, schemaVersion);
      expect(read).toThrow(UnknownEventError);
      expect(read).toThrow(
        `${streamType} event ${type} with schema version ${schemaVersion} is unknown to this release: deploy a release that can read it`,
      );
      expect(new UnknownEventError().name).toBe('UnknownEventError');
    },
  );
});
