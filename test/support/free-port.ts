import { randomInt } from 'node:crypto';

/**
 * Opens a server that cannot choose a free port itself: it tries random ports below the range of outgoing
 * connections, and another one if `taken` matches the error.
 */
export async function onFreePort<Opened>(
  open: (port: number) => Promise<Opened>,
  taken: RegExp,
): Promise<{ port: number; opened: Opened }> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(15_000, 30_000);
    try {
      return { port, opened: await open(port) };
    } catch (error) {
      if (attempt === 10 || !taken.test(String(error))) throw error;
    }
  }
}
