/** A client that reads nothing for this long is disconnected; it can reconnect and resume. */
export const stallTimeoutMs = 30_000;
