// What stock clients go by: after 4403, 1012 and 1013 they come again, after 4401 and 1011 never.
export const forbidden = 4403;
export const restarts = 1012;
export const tryAgainLater = 1013;
export const broken = 1011;
