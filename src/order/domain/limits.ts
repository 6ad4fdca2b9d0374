/** Units that one line may hold, from 1. */
export const maximumQuantity = 10_000;

export const maximumLines = 500;

/** Characters of the texts that people write. */
export const longestReference = 100;
export const longestCarrier = 100;
export const longestReason = 500;

/** In the currency's smallest unit: the greatest whole number up to which sums are exact. */
export const maximumTotal = Number.MAX_SAFE_INTEGER;
