import { resolve } from 'node:path';

/**
 * A path as the operator gave it: relative to the folder in which they called the command.
 * @param script name of the npm script; npm runs scripts in the package's folder, and INIT_CWD is that of the call
 */
export function givenPath(script: string, path: string): string {
  return process.env['npm_lifecycle_event'] === script ? resolve(process.env['INIT_CWD'] ?? '', path) : path;
}
