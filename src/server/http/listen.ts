import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../config.ts';
import { StartError } from '../../start-error.ts';

/**
 * @returns the base URL of the server, e.g. `http://127.0.0.1:4000`
 * @throws StartError if the server cannot listen on this host and port
 */
export async function listen(http: Server, { host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  http.listen(port, host);
  try {
    await once(http, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(`PORT: ${port} is taken on ${host}: stop the program that listens there, or set another`);
    if (code === 'EACCES') throw new StartError(`PORT: this user may not listen on ${port}: set a port above 1023`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartError(`HOST: ${host} is no address of this machine: set one that is`);
    throw error;
  }
  const { address, family, port: actualPort } = http.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actualPort}`;
}
