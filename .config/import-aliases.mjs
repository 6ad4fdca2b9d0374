// For dependency-cruiser, in the form of webpack: in the console the package @orderstream/client is src/client.
import { fileURLToPath } from 'node:url';

const client = fileURLToPath(new URL('../src/client', import.meta.url));

export default { resolve: { alias: { '@orderstream/client$': `${client}/index.ts`, '@orderstream/client': client } } };
