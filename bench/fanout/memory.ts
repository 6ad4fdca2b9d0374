import { setTimeout as sleep } from 'node:timers/promises';
import { emptyDatabase } from '../databases.ts';
import type { Run } from '../bench.ts';
import { type RunningServer, startBaseline, startOrderstream } from '../servers.ts';
import { startWorker } from '../worker.ts';
import { printed } from '../../test/support/child.ts';
import type { FanoutFigure, FanoutJob, Side } from './fanout-load.ts';

/** Memory of the server for each socket, KB, after a garbage collection. */
export interface SocketMemory {
  readonly resident: number;
  readonly heap: number;
  readonly external: number;
}

const tellMemory = ['--expose-gc', '--import', new URL('./tell-memory.mjs', import.meta.url).href];
const responseTimeoutMs = 10_000;
const rest = 3_000; // ms after which the work of opening sockets is done

/**
 * Each side runs in a process that has served nothing else: memory that an earlier load has freed would be filled
 * first and not counted.
 */
export async function memoryASocket(
  run: Run,
  databaseUrl: string,
  sockets: { readonly tokens: readonly string[]; readonly orderIds: readonly string[] },
): Promise<Readonly<Record<'ours' | 'plain', SocketMemory>>> {
  const ours = await startOrderstream(run, databaseUrl, tellMemory);
  const plain = await startBaseline(run, 'fanout/peers.ts', await emptyDatabase(run), tellMemory);
  return { ours: await ofSide(run, ours, 'orderstream', sockets), plain: await ofSide(run, plain, 'raw', sockets) };
}

async function ofSide(
  run: Run,
  server: RunningServer,
  side: Side,
  { tokens, orderIds }: { readonly tokens: readonly string[]; readonly orderIds: readonly string[] },
): Promise<SocketMemory> {
  const load = await startWorker<FanoutJob, FanoutFigure>(run, new URL('./fanout-load.ts', import.meta.url));
  const { url } = server;
  // What the first socket allocates, no other socket allocates again.
  await load({ type: 'open', side, url, tokens, orderIds: orderIds.slice(0, 1) });
  const before = await memoryOf(server, 1);
  await load({ type: 'open', side, url, tokens, orderIds: orderIds.slice(1) });
  await sleep(rest);
  const after = await memoryOf(server, 2);
  await load({ type: 'close' });
  await server.stop();
  const each = (index: number): number => ((after[index] ?? 0) - (before[index] ?? 0)) / (orderIds.length - 1) / 1024;
  return { resident: each(0), heap: each(1), external: each(2) };
}

/** Resident, heap and external memory, bytes. */
async function memoryOf({ child }: RunningServer, time: number): Promise<readonly number[]> {
  child.kill('SIGUSR2');
  const [, figures = ''] = await printed(child, new RegExp(`^memory ${time} (.*)$`, 'm'), responseTimeoutMs);
  return figures.split(' ').map(Number);
}
