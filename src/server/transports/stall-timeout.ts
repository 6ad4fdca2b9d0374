/** Ms for which a client may take nothing of what was sent to it. Then it is sent away, and can go on where it was. */
export const stallTimeoutMs = 30_000;
