import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** The folders of src/ that are slices of the business. */
export const sliceFolders = readdirSync(src).filter(folder => existsSync(`${src}/${folder}/slice.ts`));
