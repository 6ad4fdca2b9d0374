import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type ConsoleFiles, readConsoleFiles } from './console-files.ts';

/**
 * Loads the files of the console.
 * @returns undefined if it was not built, as in a work tree before `npm run build`
 * @throws StartError in production, where CONSOLE=on asked for it
 */
export async function loadConsole(
  { auth, production }: Pick<Config, 'auth' | 'production'>,
  logger: Logger,
): Promise<ConsoleFiles | undefined> {
  // From the sources, as in tests and in development, it is where the build has put it.
  const folder = import.meta.url.endsWith('.ts') ? '../../../dist/console/' : '../../console/';
  const files = await readConsoleFiles(
    fileURLToPath(new URL(folder, import.meta.url)),
    auth.key.type === 'development',
  );
  if (files === undefined && production) throw new StartError('CONSOLE: it was not built: run npm run build');
  if (files === undefined) logger.info('the console was not built: npm run build');
  return files;
}
