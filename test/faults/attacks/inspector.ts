import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { SpawnedApp } from '../../support/app.ts';

/** The Node option that lets a process be inspected. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Inspects a running process. It must be closed. */
export interface Inspector {
  /** The value of an expression, as JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** Heap bytes in use after a garbage collection, and resident bytes of the process. */
  memory(): Promise<{ readonly heap: number; readonly resident: number }>;
  close(): void;
}

export async function openInspector(app: SpawnedApp): Promise<Inspector> {
  const [, address] = /Debugger listening on (\S+)/.exec(app.stderr()) ?? [];
  if (address === undefined) throw new Error(`the process is not inspected:\n${app.stderr()}`);
  const socket = new WebSocket(address);
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: unknown) => void>();
  socket.on('message', (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString('utf8')) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let asked = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<unknown>(resolve => {
      waiting.set(++asked, resolve);
      socket.send(JSON.stringify({ id: asked, method, params }));
    });

  async function evaluate(expression: string): Promise<unknown> {
    const { result } = (await ask('Runtime.evaluate', { expression, returnByValue: true })) as {
      readonly result: { readonly value?: unknown };
    };
    return result.value;
  }

  return {
    evaluate,
    async memory() {
      // Objects that a finaliser releases are garbage for the next collection.
      for (let time = 0; time < 3; time++) await ask('HeapProfiler.collectGarbage');
      const { heapUsed, external, rss } = (await evaluate('process.memoryUsage()')) as NodeJS.MemoryUsage;
      return { heap: heapUsed + external, resident: rss };
    },
    close: () => socket.terminate(),
  };
}
