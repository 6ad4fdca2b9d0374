/**
 * Returns the token for a connection, without `Bearer`.
 * @param refused true if the last token was rejected or has expired: a fresh one is needed
 */
export type Token = (refused: boolean) => string | Promise<string>;

/** Maximum number of consecutive fresh tokens that are tried. */
export const mostRefusals = 3;
