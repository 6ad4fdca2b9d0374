import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, printed, startChild, stopChild } from './child.ts';
import { onFreePort } from './free-port.ts';
import { installedProgram } from './installed-program.ts';
import { noteOpen } from './left-open.ts';

/** A load balancer with the configuration that this project ships. */
export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

const shipped = (name: string): string => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));

/** @param nodes root URLs of the API processes */
export function startCaddy(nodes: readonly string[]): Promise<Balancer> {
  return start('Caddy', async (port, folder) => {
    const env = {
      SITE: `http://127.0.0.1:${port}`,
      NODES: nodes.map(hostOf).join(' '),
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
    };
    const args = ['run', '--config', shipped('caddy/Caddyfile'), '--adapter', 'caddyfile'];
    const child = startChild(installedProgram('caddy')!, args, { cwd: folder, env, scratch: folder });
    await printed(child, /serving initial configuration/);
    return child;
  });
}

/** @param nodes root URLs of the API processes */
export function startNginx(nodes: readonly string[]): Promise<Balancer> {
  return start('nginx', async (port, folder) => {
    const text = await readFile(shipped('nginx/orderstream.conf'), 'utf8');
    const [first, second] = nodes.map(hostOf);
    const site = text
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('127.0.0.1:4001', first!)
      .replace('127.0.0.1:4002', second!);
    await writeFile(join(folder, 'orderstream.conf'), site);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const main = [
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      'daemon off;',
      `pid ${join(folder, 'pid')};`,
      'error_log stderr notice;',
      'events {}',
      'http {',
      'access_log off;',
      ...temporary.map(name => `${name}_temp_path ${join(folder, name)};`),
      `include ${join(folder, 'orderstream.conf')};`,
      '}',
    ];
    await writeFile(join(folder, 'nginx.conf'), main.join('\n'));
    const args = ['-c', join(folder, 'nginx.conf'), '-p', folder];
    const child = startChild(installedProgram('nginx')!, args, { cwd: folder, scratch: folder });
    await printed(child, /start worker process /);
    return child;
  });
}

async function start(name: string, open: (port: number, folder: string) => Promise<Child>): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), `orderstream-${name.toLowerCase()}-`));
  const { port, opened: child } = await onFreePort(one => open(one, folder), /address already in use/i);
  const stop = async () => {
    note.closed();
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  const note = noteOpen(name, stop);
  return { url: `http://127.0.0.1:${port}`, stop };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
