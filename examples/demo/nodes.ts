import { fileURLToPath } from 'node:url';
import { type Child, printed, startChild, stopChild } from '../../test/support/child.ts';

/** ms that a node gets to start. */
const patience = 60_000;

/** One process of the program, on a port of its own. */
export interface Node {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
}

export async function startNode(env: Readonly<Record<string, string>>): Promise<Node> {
  let child: Child;

  async function start(port: string): Promise<string> {
    child = startChild(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'fatal', ...env, PORT: port },
    });
    const [, url = ''] = await printed(child, /^Orderstream is ready at (\S+)/m, patience);
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
