import { startApp } from './app.ts';
import { readCommandLine } from './cli/command-line.ts';
import { loadConfig, misspeltKeys } from './config.ts';
import { openLogger } from './telemetry/logger.ts';
import { StartError } from './start-error.ts';
import { styleFor } from './development/terminal-style.ts';
import { welcome } from './development/welcome.ts';

const about = `Serves GraphQL at http://127.0.0.1:4000/graphql: on an embedded database in .data, or on the PostgreSQL and Redis of
DATABASE_URL and REDIS_URL. Ctrl-C stops it.

Settings are environment variables, among them PORT, HOST, ROLES and LOG_LEVEL: docs/configuration.md has them all.`;

/** Serves GraphQL. @returns what stops it; undefined if there is nothing to serve: `--help` or `--version` was given */
async function start(): Promise<(() => Promise<void>) | undefined> {
  if (readCommandLine({ usage: 'npm start', about }) === undefined) return undefined;
  const config = loadConfig(process.env);
  for (const line of misspeltKeys(process.env)) console.error(line);
  const logger = openLogger(config.logLevel);
  // What nobody caught leaves the process in a state that nobody knows: the log says why, and the next one starts clean.
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  // It has said why. Whoever sees to it that it runs starts another one: this one would stand by for ever, in good health.
  const app = await startApp(config, logger, () => process.exit(1));
  console.log(`Orderstream is ready ${app.url === undefined ? `to project: ${app.probes}/readyz` : `at ${app.url}`}`);
  const more =
    app.url === undefined ? undefined : await welcome(config, app.url, styleFor(process.stdout, process.env));
  if (more !== undefined) console.log(more);
  return async () => {
    logger.info('stopping');
    await app.stop();
  };
}

function fail(error: unknown): never {
  // Whoever starts this is told what to do; a stack is for bugs.
  if (error instanceof StartError) console.error(error.message);
  else openLogger('fatal').fatal({ err: error }, 'failed');
  process.exit(1);
}

const running = start().catch(fail);
/** npm passes Ctrl-C on to a process that the terminal has told already: two within this time, ms, are one. */
const oneRequest = 500;
/** Ms that stopping takes at most, whatever hangs: less than orchestrators wait before they kill (30 s). */
const longestStop = 25_000;
let askedAt: number | undefined;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      running.then(stop => stop?.()).then(() => process.exit(0), fail);
      // Who stops it kills it soon after, and what hangs then would hang on; what is acknowledged is on disk.
      setTimeout(() => process.exit(0), longestStop).unref();
    }
    // Killed at any moment, nothing acknowledged is lost: whoever asks twice need not wait.
    else if (performance.now() - askedAt > oneRequest) process.exit(1);
  });
}
