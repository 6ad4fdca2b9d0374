import { IncomingMessage } from 'node:http';

/**
 * A request whose offer of another protocol is ignored, unless it is a WebSocket at /graphql. `curl --http2` and Java's
 * client offer h2c with each plain request. Node before 24 takes every request with an offer away from the server once
 * anything listens to `upgrade`, and asks this property first.
 */
export class IncomingRequest extends IncomingMessage {
  declare private offersUpgrade: boolean | undefined;

  get upgrade(): boolean {
    return this.offersUpgrade === true && (this.method === 'CONNECT' || this.#offersWebSocket());
  }

  /** By Node's parser, which sets it in the constructor of IncomingMessage first: no private field is there by then. */
  set upgrade(offered: boolean | undefined) {
    this.offersUpgrade = offered;
  }

  #offersWebSocket(): boolean {
    const { method, headers } = this;
    return method === 'GET' && headers.upgrade?.trim().toLowerCase() === 'websocket' && pathOf(this) === '/graphql';
  }
}

/** The path as it was sent: a decision must not rest on what another spelling of a path would be taken for. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const target = url.startsWith('/') ? url : (absoluteForm.exec(url)?.groups?.['target'] ?? url);
  return target.split('?', 1)[0] ?? '';
}

/** `GET http://host/graphql`, as to a proxy: its host goes before the header's (RFC 9112, 3.2.2). */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const { host, target = '' } = absoluteForm.exec(url)?.groups ?? {};
  if (host === undefined) return;
  request.headers.host = host;
  request.url = target.startsWith('/') ? target : `/${target}`;
}

const absoluteForm = /^https?:\/\/(?<host>[^/?#]+)(?<target>.*)$/i;
