import { type Child, printed, startChild, stopChild } from './child.ts';
import { onFreePort } from './free-port.ts';

/** A Redis server for one test: it may be stopped, killed, paused and started again at any moment. */
export interface RedisServer {
  readonly url: string;
  /** Id of the current process. */
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
}

/**
 * Starts the `redis-server` of the PATH on a free loopback port; it writes nothing to disk.
 * @param more further arguments of a server with this port
 * @throws an error with code ENOENT if there is none
 */
export async function startRedis(more: (port: number) => readonly string[] = () => []): Promise<RedisServer> {
  const start = async (port: number): Promise<Child> => {
    const args = ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no', ...more(port)];
    const child = startChild('redis-server', args);
    await printed(child, /ready to accept connections|\+monitor master/i);
    return child;
  };
  const { port, opened } = await onFreePort(start, /could not create server|already in use/i);
  let child = opened;
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    stop: signal => stopChild(child, signal),
    start: async () => {
      child = await start(port);
    },
  };
}
