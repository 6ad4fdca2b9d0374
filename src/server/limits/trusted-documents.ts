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

/** The documents that front ends were built with. */
export interface TrustedDocuments {
  /**
   * The request with the text of its document: the one that it gives, or that of the manifest whose hash it gives.
   * What is no request at all is left to who reads it.
   * @throws BAD_USER_INPUT where hash and text don't go together, FORBIDDEN where only trusted documents are served
   */
  named<Request extends object>(request: Request): Request;
  /** Whether it is the text of one of them. */
  has(text: string): boolean;
}

/** The words by which the links of Apollo and urql take to sending texts. They know no code of ours. */
const unknownHash = 'PersistedQueryNotFound';
const noHashes = 'PersistedQueryNotSupported';

/** @param texts by the SHA-256 of each, in hex; @param only nothing else is served */
export function trustedDocuments(texts: ReadonlyMap<string, string>, only: boolean): TrustedDocuments {
  const trusted = new Set(texts.values());

  function textOf(hash: string): string {
    const text = texts.get(hash);
    if (text !== undefined) return text;
    if (only) throw untrusted();
    throw badInput(texts.size === 0 ? noHashes : unknownHash);
  }

  return {
    has: text => trusted.has(text),
    named(request) {
      const hash = hashOf(memberOf(request, 'extensions'));
      const query = memberOf(request, 'query');
      if (hash === undefined) {
        if (only && isText(query) && !trusted.has(query)) throw untrusted();
        return request;
      }
      if (!isText(query)) return { ...request, query: textOf(hash) };
      // Else a log, a cache or a list of documents would know it by the name of another one.
      if (sha256(query) !== hash) throw badInput('`persistedQuery.sha256Hash` is not the SHA-256 of `query`.');
      if (only && !trusted.has(query)) throw untrusted();
      return request;
    },
  };
}

/**
 * Reads the manifests: JSON, each text by its SHA-256, as client-preset's `persistedDocuments` writes them. A document
 * that does not fit the schema is logged and stays: it is answered with what is wrong with it, the others are served.
 * @throws StartError where a file is no manifest
 */
export async function loadTrustedDocuments(
  { files, only }: Config['trustedDocuments'],
  against: { readonly schema: GraphQLSchema; readonly limits: DocumentLimits; readonly logger: Logger },
): Promise<TrustedDocuments> {
  const texts = new Map<string, string>();
  for (const file of files) for (const [hash, text] of await readManifest(file)) texts.set(hash, text);
  for (const [hash, text] of texts) {
    const problem = problemOf(text, against.schema, against.limits);
    if (problem) against.logger.warn({ hash, problem }, 'a trusted document can not be answered');
  }
  return trustedDocuments(texts, only);
}

async function readManifest(file: string): Promise<[hash: string, text: string][]> {
  const refuse = (why: string): never => {
    throw new StartError(`TRUSTED_DOCUMENTS: ${file} ${why}`);
  };
  let written: string;
  try {
    written = await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    return refuse(`can't be read (${code}): set it to the manifests of your front ends`);
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(written);
  } catch {
    return refuse('is not JSON: give the persisted-documents.json that your codegen writes');
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    return refuse('is no manifest: give an object of documents by their SHA-256');
  }
  const documents = Object.entries(manifest).map(([name, text]): [string, string] => {
    const hash = plainHash(name);
    if (!isText(text)) return refuse(`has no text under ${name}: give an object of documents by their SHA-256`);
    if (hash === undefined || sha256(text) !== hash) {
      return refuse(`has under ${name} a document with another SHA-256: write it anew with sha256 as the algorithm`);
    }
    return [hash, text];
  });
  if (documents.length === 0) return refuse('has no document in it: write it anew from your operations');
  return documents;
}

function problemOf(text: string, schema: GraphQLSchema, limits: DocumentLimits): string | undefined {
  try {
    return validateDocument(schema, parseDocument(text, limits))[0]?.message;
  } catch (error) {
    return (error as GraphQLError).message;
  }
}

/** @throws BAD_USER_INPUT where there is one that is none */
function hashOf(extensions: unknown): string | undefined {
  const persisted = memberOf(extensions, 'persistedQuery');
  if (persisted === undefined || persisted === null) return undefined;
  const hash = plainHash(memberOf(persisted, 'sha256Hash'));
  if (hash === undefined) throw badInput('`persistedQuery.sha256Hash` has to be a SHA-256 in hex.');
  return hash;
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** With `sha256:` before it, as client-preset has it, or without, as Apollo and urql make it. */
function plainHash(hash: unknown): string | undefined {
  return typeof hash === 'string' ? /^(?:sha256:)?([0-9a-f]{64})$/.exec(hash)?.[1] : undefined;
}

/** Who sends a hash leaves the text out, or empty where a protocol asks for one. */
function isText(query: unknown): query is string {
  return typeof query === 'string' && query !== '';
}

function untrusted(): GraphQLError {
  return codedError('FORBIDDEN', 'Only documents of the manifest are served here, and this is none of them.');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
