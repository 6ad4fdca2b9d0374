/** Maximum lengths of texts that people write, characters. */
export const longestName = 200;
export const longestEmail = 254;
