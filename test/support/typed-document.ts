import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/** An operation of test/operations/ as test/generated/graphql.ts has it, or any text. */
export type Document<Data, Variables> = string | (DocumentTypeDecoration<Data, Variables> & { toString(): string });

export interface ErrorAnswer {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string } & Readonly<Record<string, unknown>>;
}

/** An answer over HTTP, or one frame's payload. */
export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ErrorAnswer[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}
