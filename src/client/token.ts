/**
 * Answers the token to come with, without `Bearer`.
 * @param refused the last one was not taken, or has run out: a fresh one is needed
 */
export type Token = (refused: boolean) => string | Promise<string>;

/** How often in a row a fresh token is asked for before giving up. */
export const mostRefusals = 3;
