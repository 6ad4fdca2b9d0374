/** Maximum lengths of texts that people write, characters. */
export const longestSku = 64;
export const longestName = 200;
