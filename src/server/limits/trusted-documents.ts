import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Config } from '../../config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { StartError } from '../../start-error.ts';
import { badInput, codedError } from '../../graphql/coded-error.ts';
import type { DocumentLimits } from './document-limits.ts';
import { parseDocument } from './parse-document.ts';
import { validateDocument } from './validate-document.ts';

/** The allow-list of documents that front ends are built with. */
export interface TrustedDocuments {
  /**
   * Adds the text of the document if the request only has its hash. A malformed request is returned unchanged: the
   * next step reports it.
   * @throws BAD_USER_INPUT if the hash is unknown, or is not that of the text; FORBIDDEN if only trusted documents
   * are served, and this is none
   */
  named<Request extends object>(request: Request): Request;
  /** Whether a text is on the allow-list. */
  has(text: string): boolean;
}

/**
 * Error messages of the persisted query protocol: on these the links of Apollo and urql send the text. They do not
 * read error codes.
 */
const unknownHash = 'PersistedQueryNotFound';
const noHashes = 'PersistedQueryNotSupported';

/**
 * @param texts by SHA-256, in hex
 * @param only whether every other document is rejected
 */
export function trustedDocuments(texts: ReadonlyMap<string, string>, only: boolean): TrustedDocuments {
  const trusted = new Set(texts.values());

  function textOf(hash: string): string {
    const text = texts.get(hash);
    if (text !== undefined) return text;
    if (only) throw untrustedDocument();
    throw badInput(texts.size === 0 ? noHashes : unknownHash);
  }

  return {
    has: text => trusted.has(text),
    named(request) {
      const hash = hashOf(memberOf(request, 'extensions'));
      const query = memberOf(request, 'query');
      if (hash === undefined) {
        if (only && isText(query) && !trusted.has(query)) throw untrustedDocument();
        return request;
      }
      if (!isText(query)) return { ...request, query: textOf(hash) };
      // Otherwise logs, caches and lists of documents would record this text under the hash of another document.
      if (sha256(query) !== hash) throw badInput('`persistedQuery.sha256Hash` is not the SHA-256 of `query`.');
      if (only && !trusted.has(query)) throw untrustedDocument();
      return request;
    },
  };
}

/**
 * Reads the manifests: JSON objects of texts by their SHA-256, as client-preset's `persistedDocuments` writes them. A
 * document that is invalid for the schema is logged and stays on the list: requests for it get the validation error,
 * all others are served.
 * @param own the documents of the console, by their SHA-256, if it is served
 * @throws StartError if a file is not a manifest
 */
export async function loadTrustedDocuments(
  { files, only }: Config['trustedDocuments'],
  own: ReadonlyMap<string, string> | undefined,
  against: { readonly schema: GraphQLSchema; readonly limits: DocumentLimits; readonly logger: Logger },
): Promise<TrustedDocuments> {
  // If other documents are served too, the page needs no list, and clients learn that there is none.
  const texts = new Map(only ? own : undefined);
  for (const file of files) for (const [hash, text] of await readManifest(file)) texts.set(hash, text);
  for (const [hash, text] of texts) {
    const problem = problemOf(text, against.schema, against.limits);
    if (problem) against.logger.warn({ hash, problem }, 'a trusted document is invalid: requests for it will fail');
  }
  return trustedDocuments(texts, only);
}

async function readManifest(file: string): Promise<[hash: string, text: string][]> {
  const reject = (problem: string): never => {
    throw new StartError(`TRUSTED_DOCUMENTS: ${file} ${problem}`);
  };
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    return reject(`can't be read (${code}): set it to the manifests of your front ends`);
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(json);
  } catch {
    return reject('is not JSON: set it to the persisted-documents.json that your codegen writes');
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    return reject('is no manifest: it must be an object of documents by their SHA-256');
  }
  const documents = Object.entries(manifest).map(([name, text]): [string, string] => {
    const hash = parseHash(name);
    if (!isText(text)) return reject(`has no text under ${name}: it must be an object of documents by their SHA-256`);
    if (hash === undefined || sha256(text) !== hash) {
      return reject(
        `has under ${name} a document with another SHA-256: generate it again with sha256 as the algorithm`,
      );
    }
    return [hash, text];
  });
  if (documents.length === 0) return reject('contains no documents: generate it again from your operations');
  return documents;
}

function problemOf(text: string, schema: GraphQLSchema, limits: DocumentLimits): string | undefined {
  try {
    return validateDocument(schema, parseDocument(text, limits))[0]?.message;
  } catch (error) {
    return (error as GraphQLError).message;
  }
}

/** @throws BAD_USER_INPUT if the hash is malformed */
function hashOf(extensions: unknown): string | undefined {
  const persisted = memberOf(extensions, 'persistedQuery');
  if (persisted === undefined || persisted === null) return undefined;
  const hash = parseHash(memberOf(persisted, 'sha256Hash'));
  if (hash === undefined) throw badInput('`persistedQuery.sha256Hash` must be a SHA-256 in hex.');
  return hash;
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** client-preset writes `sha256:` before the hash, Apollo and urql do not. */
function parseHash(hash: unknown): string | undefined {
  return typeof hash === 'string' ? /^(?:sha256:)?([0-9a-f]{64})$/.exec(hash)?.[1] : undefined;
}

/** Clients that send a hash omit the text, or send an empty one if their protocol requires the field. */
function isText(query: unknown): query is string {
  return typeof query === 'string' && query !== '';
}

function untrustedDocument(): GraphQLError {
  return codedError('FORBIDDEN', 'Only documents of the manifest are served, and this document is not in it.');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
