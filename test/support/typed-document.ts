import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/** An operation of test/operations/ from test/generated/graphql.ts, or any text. */
export type Document<Data, Variables> = string | (DocumentTypeDecoration<Data, Variables> & { toString(): string });

export interface ErrorAnswer {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string } & Readonly<Record<string, unknown>>;
}

/** A response over HTTP, or the payload of a frame. */
export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ErrorAnswer[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}
