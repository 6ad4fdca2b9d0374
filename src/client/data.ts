/** An object of an answer. */
export type Data = Readonly<Record<string, unknown>>;
export type Variables = Readonly<Record<string, unknown>>;
