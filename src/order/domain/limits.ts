/** Maximum units of one line; the minimum is 1. */
export const maximumQuantity = 10_000;

export const maximumLines = 500;

/** Maximum lengths of texts that people write, characters. */
export const longestReference = 100;
export const longestCarrier = 100;
export const longestReason = 500;

/** In the currency's smallest unit: the largest whole number up to which sums are exact. */
export const maximumTotal = Number.MAX_SAFE_INTEGER;
