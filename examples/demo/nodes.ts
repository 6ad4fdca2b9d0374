import { fileURLToPath } from 'node:url';
import { type Child, printed, startChild, stopChild } from '../../test/support/child.ts';

/** Maximum time for the start of a node, ms. */
const startTimeoutMs = 60_000;

/** One process of the program, with its own port. */
export interface Node {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again at the same port. */
  start(): Promise<void>;
}

export async function startNode(env: Readonly<Record<string, string>>): Promise<Node> {
  let child: Child;

  async function start(port: string): Promise<string> {
    child = startChild(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'fatal', ...env, PORT: port },
    });
    const [, url = ''] = await printed(child, /^Orderstream is ready at (\S+)/m, startTimeoutMs);
    return url;
  }

  const url = await start('0');
  return {
    url,
    kill: () => stopChild(child, 'SIGKILL'),
    start: async () => {
      await start(new URL(url).port);
    },
  };
}
