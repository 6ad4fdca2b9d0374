import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphQLError } from 'graphql';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/config.ts';
import { loadTrustedDocuments, trustedDocuments } from '../../../src/server/limits/trusted-documents.ts';
import { logLines } from '../../support/log-lines.ts';
import { schema } from '../graphql/mini-schema.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const [trusted, other] = ['{ who }', '{ forStaff }'];
const texts = new Map([[sha256(trusted), trusted]]);
const by = (sha256Hash: unknown) => ({ persistedQuery: { version: 1, sha256Hash } });

function refusal(documents: ReturnType<typeof trustedDocuments>, request: object): unknown {
  try {
    return documents.named(request);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return `${String(error.extensions['code'])} ${error.message}`;
  }
}

describe.each([
  ['beside other documents', false],
  ['and no other documents', true],
])('trusted documents, %s', (_how, only) => {
  const documents = trustedDocuments(texts, only);

  test.each([
    ['no text', {}],
    ['an empty text, which graphql-ws requires', { query: '' }],
    ['null, which some clients send', { query: null }],
    ['the text itself', { query: trusted }],
  ])('are found by their hash, with or without a prefix, and %s', (_what, text) => {
    for (const hash of [sha256(trusted), `sha256:${sha256(trusted)}`]) {
      const request = { ...text, variables: { a: 1 }, extensions: by(hash) };
      expect(documents.named(request)).toEqual({ ...request, query: trusted });
    }
  });

  test('are not served for a hash of another document', () => {
    expect(refusal(documents, { query: other, extensions: by(sha256(trusted)) })).toMatch(/^BAD_USER_INPUT /);
    expect(refusal(documents, { query: `${trusted} `, extensions: by(sha256(trusted)) })).toMatch(/^BAD_USER_INPUT /);
  });

  test.each([1, null, '', 'f'.repeat(63), 'F'.repeat(64), `sha1:${'f'.repeat(64)}`, ['f'], {}])(
    'do not accept the hash %j',
    hash => {
      expect(refusal(documents, { query: trusted, extensions: by(hash) })).toMatch(/^BAD_USER_INPUT .*hex/);
    },
  );

  test.each(['__proto__', 'constructor', 'toString'])('are not properties of every object: %s', name => {
    expect(refusal(documents, { extensions: by(name) })).toMatch(/^BAD_USER_INPUT .*hex/);
    const inherited = { extensions: Object.create(by(sha256(trusted))) as object };
    expect(documents.named(inherited)).toBe(inherited);
  });

  test('leave a request that is not an object to the parser', () => {
    for (const request of [null, [], [{ query: other }], 'text', {}, { query: '' }, { query: 1, extensions: 1 }]) {
      expect(documents.named(request as object)).toBe(request);
    }
  });
});

test('if trusted documents are optional, any text is served, and an unknown hash gets the message that makes a client send its text', () => {
  const documents = trustedDocuments(texts, false);
  const request = { query: other };
  expect(documents.named(request)).toBe(request);
  expect(documents.named({ ...request, extensions: by(sha256(other)) })).toMatchObject(request);
  expect(refusal(documents, { extensions: by(sha256(other)) })).toBe('BAD_USER_INPUT PersistedQueryNotFound');
  const none = trustedDocuments(new Map(), false);
  expect(refusal(none, { extensions: by(sha256(other)) })).toBe('BAD_USER_INPUT PersistedQueryNotSupported');
});

test('if only trusted documents are served, any other text or hash is rejected, with a message that does not ask for the text', () => {
  const documents = trustedDocuments(texts, true);
  for (const request of [
    { query: other },
    { query: other, extensions: by(sha256(other)) },
    { extensions: by(sha256(other)) },
    { query: '{ __schema { types { name } } }' },
    { query: `# ${trusted}` },
  ]) {
    expect(refusal(documents, request)).toMatch(/^FORBIDDEN Only documents of the manifest/);
  }
  const request = { query: trusted };
  expect(documents.named(request)).toBe(request);
});

describe('a manifest', () => {
  let count = 0;
  const scratch = mkdtemp(join(tmpdir(), 'orderstream-manifests-'));
  afterAll(async () => rm(await scratch, { recursive: true }));

  async function written(contents: string): Promise<string> {
    const file = join(await scratch, `${++count}.json`);
    await writeFile(file, contents);
    return file;
  }
  const { logger, lines } = logLines();
  const against = { schema, limits: { ...defaultLimits, introspection: false }, logger };
  const load = (...files: string[]) => loadTrustedDocuments({ files, only: true }, undefined, against);

  test('of each front end is served', async () => {
    const one = await written(JSON.stringify({ [`sha256:${sha256(trusted)}`]: trusted }));
    const documents = await load(one, await written(JSON.stringify({ [sha256(other)]: other })));
    for (const text of [trusted, other]) {
      expect(documents.named({ extensions: by(sha256(text)) })).toMatchObject({ query: text });
    }
    expect(lines).toEqual([]);
  });

  test.each([
    ['{ gone }', /Cannot query field "gone"/],
    ['{ who', /Syntax Error/],
    [`{ ${'a: who '.repeat(51)} }`, /at most 50 aliases/],
    ['{ __schema { description } }', /Introspection is off/],
  ])('may contain %s, which is logged and affects no other document', async (text, problem) => {
    const file = await written(JSON.stringify({ [sha256(trusted)]: trusted, [sha256(text)]: text }));
    const documents = await load(file);
    expect(documents.named({ query: trusted })).toEqual({ query: trusted });
    const line = { msg: 'a trusted document is invalid: requests for it will fail', hash: sha256(text) };
    expect(lines.at(-1)).toMatchObject({ ...line, problem: expect.stringMatching(problem) as string });
  });

  test.each([
    ['no JSON', '{', 'is not JSON'],
    ['a list', '[]', 'is no manifest'],
    ['empty', '{}', 'contains no documents'],
    ['no text', JSON.stringify({ [sha256(trusted)]: 1 }), 'has no text under'],
    [
      'another algorithm’s hashes',
      JSON.stringify({ 'md5-of-it': trusted }),
      'has under md5-of-it a document with another',
    ],
    ['another document under a hash', JSON.stringify({ [sha256(trusted)]: other }), 'a document with another SHA-256'],
  ])('that is %s stops the start', async (_what, contents, why) => {
    const file = await written(contents);
    await expect(load(file)).rejects.toThrow(`TRUSTED_DOCUMENTS: ${file} ${why.startsWith('a ') ? 'has under' : why}`);
    await expect(load(file)).rejects.toThrow(why);
  });

  test('that is missing stops the start', async () => {
    await expect(load('nowhere.json')).rejects.toThrow("TRUSTED_DOCUMENTS: nowhere.json can't be read (ENOENT)");
  });
});
