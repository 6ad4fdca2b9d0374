// Standard clients reconnect after 4403, 1012 and 1013, and give up after 4401 and 1011.
export const forbidden = 4403;
export const restarts = 1012;
export const tryAgainLater = 1013;
export const broken = 1011;
