/**
 * Returns the token for a connection, without `Bearer`.
 * @param refused true if the last token was rejected or has expired: a fresh one is needed
 */
export type Token = (refused: boolean) => string | Promise<string>;

/** Number of fresh tokens in a row that are tried before giving up. */
export const mostRefusals = 3;
