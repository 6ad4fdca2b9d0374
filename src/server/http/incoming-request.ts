import { IncomingMessage } from 'node:http';

/**
 * A request whose `Upgrade` header is ignored, unless it asks for a WebSocket at /graphql. `curl --http2` and Java's
 * client send `Upgrade: h2c` with each plain request. Once there is a listener for `upgrade`, Node before 24 treats
 * every request with that header as an upgrade; it reads this property first.
 */
export class IncomingRequest extends IncomingMessage {
  declare private offersUpgrade: boolean | undefined;

  get upgrade(): boolean {
    return this.offersUpgrade === true && (this.method === 'CONNECT' || this.#offersWebSocket());
  }

  /** Node's parser sets it while the constructor of IncomingMessage runs, when private fields (#) do not exist yet. */
  set upgrade(offered: boolean | undefined) {
    this.offersUpgrade = offered;
  }

  #offersWebSocket(): boolean {
    const { method, headers } = this;
    return method === 'GET' && headers.upgrade?.trim().toLowerCase() === 'websocket' && pathOf(this) === '/graphql';
  }
}

/** The path exactly as it was sent: security decisions must not depend on how a path would be normalised. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const target = url.startsWith('/') ? url : (absoluteForm.exec(url)?.groups?.['target'] ?? url);
  return target.split('?', 1)[0] ?? '';
}

/**
 * Converts the absolute form (`GET http://host/graphql`, as clients send it to a proxy) to a path. Its host takes
 * precedence over the Host header (RFC 9112, 3.2.2).
 */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const { host, target = '' } = absoluteForm.exec(url)?.groups ?? {};
  if (host === undefined) return;
  request.headers.host = host;
  request.url = target.startsWith('/') ? target : `/${target}`;
}

const absoluteForm = /^https?:\/\/(?<host>[^/?#]+)(?<target>.*)$/i;
