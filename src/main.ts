import { readCommandLine } from './cli/command-line.ts';
import { loadConfig } from './config.ts';
import { settingTypos } from './config/setting-typos.ts';
import { openLogger } from './telemetry/logger.ts';
import { StartError } from './start-error.ts';
import { styleFor } from './development/terminal-style.ts';
import { welcome } from './development/welcome.ts';

const about = `Serves GraphQL at http://127.0.0.1:4000/graphql, with an embedded database in .data, or with PostgreSQL and
Redis if DATABASE_URL and REDIS_URL are set. Ctrl-C stops it.

Settings are environment variables, among them PORT, HOST, ROLES and LOG_LEVEL: see docs/configuration.md.`;

/** DRAIN_DELAY, as soon as it is known. */
let drainDelayMs = 0;

/**
 * Starts the server.
 * @returns the function that stops it; undefined for `--help` and `--version`
 */
async function start(): Promise<(() => Promise<void>) | undefined> {
  if (readCommandLine({ usage: 'npm start', about }) === undefined) return undefined;
  const config = loadConfig(process.env);
  for (const line of settingTypos(process.env)) console.error(line);
  drainDelayMs = config.drainDelaySeconds * 1000;
  const logger = openLogger(config.logLevel);
  // After an uncaught error the state of the process is unknown: log the error and exit, so that a supervisor starts
  // a clean process.
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  // Loaded only now: a start that its settings forbid ends in less than half of the time.
  const { startApp } = await import('./app.ts');
  // The reason is logged already. Exit, so that a supervisor starts the newer version; otherwise this process would
  // stay idle and report itself healthy.
  const app = await startApp(config, logger, () => process.exit(1));
  console.log(`Orderstream is ready ${app.url === undefined ? `to project: ${app.probes}/readyz` : `at ${app.url}`}`);
  const hints =
    app.url === undefined ? undefined : await welcome(config, app.url, styleFor(process.stdout, process.env));
  if (hints !== undefined) console.log(hints);
  return async () => {
    logger.info('stopping');
    await app.stop();
  };
}

function fail(error: unknown): never {
  // The operator needs the instruction only; a stack trace is for bugs.
  if (error instanceof StartError) console.error(error.message);
  else openLogger('fatal').fatal({ err: error }, 'failed');
  process.exit(1);
}

const running = start().catch(fail);
/** Ctrl-C reaches the process twice, from the terminal and from npm: two signals within this time count as one. */
const sameSignalMs = 500;
/**
 * Limit for a graceful stop after DRAIN_DELAY. With the default in production that is the 30 s after which orchestrators
 * kill a process.
 */
const maxStopMs = 25_000;
let stoppingSinceMs: number | undefined;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (stoppingSinceMs === undefined) {
      stoppingSinceMs = performance.now();
      running.then(stop => stop?.()).then(() => process.exit(0), fail);
      // After this time the supervisor would kill the process anyway. Acknowledged commands are on disk.
      setTimeout(() => process.exit(0), drainDelayMs + maxStopMs).unref();
    }
    // A second signal stops the process at once. Acknowledged commands are on disk, so none is lost.
    else if (performance.now() - stoppingSinceMs > sameSignalMs) process.exit(1);
  });
}
