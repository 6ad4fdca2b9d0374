/** Characters of the texts that people write. */
export const longestSku = 64;
export const longestName = 200;
