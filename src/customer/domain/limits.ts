/** Characters of the texts that people write. */
export const longestName = 200;
export const longestEmail = 254;
