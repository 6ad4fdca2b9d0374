import type { Answer } from '../../src/client/operation-session.ts';
import { createSession, type Session } from '../../src/client/session.ts';
import type { Token } from '../../src/client/token.ts';
import type { OpenTransport, TransportOptions } from '../../src/client/transport.ts';

export const at = (point: number) => point.toString(16).padStart(13, '0') + '-aaaaaaaaaaaa';

/** A token of a customer, unsigned: clients read tokens and do not verify them. */
export function tokenOf(sub: string, claims: object = {}): string {
  return `e30.${Buffer.from(JSON.stringify({ sub, role: 'customer', ...claims })).toString('base64url')}.x`;
}

interface Sent {
  readonly authorization: string | undefined;
  readonly body: { readonly query: string; readonly variables: Record<string, unknown> };
  answer(answer: Answer, status?: number): void;
}

interface Stream {
  readonly query: string;
  left: boolean;
  /** @returns what the session made of its data, see `OperationOptions.admit` */
  next(answer: Answer): unknown;
  complete(): void;
}

export interface OpenedTransport {
  readonly options: TransportOptions;
  readonly streams: Stream[];
  renewed: number;
  closed: boolean;
}

export interface ControlledSession {
  readonly session: Session;
  /** The requests so far, which the test answers. */
  readonly requests: Sent[];
  readonly transports: OpenedTransport[];
  token: Token;
}

/** A session without a network: the test answers its requests, and sends its frames. */
export function controlledSession(): ControlledSession {
  const requests: Sent[] = [];
  const transports: OpenedTransport[] = [];

  const transport: OpenTransport = options => {
    const opened: OpenedTransport = { options, streams: [], renewed: 0, closed: false };
    transports.push(opened);
    return {
      open({ query }, sink, admit) {
        const stream: Stream = {
          query,
          left: false,
          complete: () => {
            sink.complete();
          },
          next(answer) {
            const data = admit?.(answer.data as never);
            if (data) sink.next({ ...answer, data });
            return data;
          },
        };
        opened.streams.push(stream);
        return { leave: () => (stream.left = true), pause: () => undefined, resume: () => undefined };
      },
      renew: () => opened.renewed++,
      wake: () => undefined,
      close: () => (opened.closed = true),
    };
  };

  const fetched = (_url: unknown, init?: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => {
        reject(new DOMException('aborted', 'AbortError'));
      });
      requests.push({
        authorization: new Headers(init?.headers).get('authorization') ?? undefined,
        body: JSON.parse(init?.body as string) as Sent['body'],
        answer: (answer, status = 200) => {
          resolve(new Response(JSON.stringify(answer), { status }));
        },
      });
    });

  const controlled: ControlledSession = {
    requests,
    transports,
    token: () => tokenOf('cus_1'),
    session: createSession({
      url: 'http://shop.example/graphql',
      token: (refused, signal) => controlled.token(refused, signal),
      fetch: fetched,
      transport,
    }),
  };
  return controlled;
}

/** An order as answers contain it. */
export const orderAt = (version: number, status: string) => ({
  __typename: 'Order',
  id: 'ord_1',
  version,
  position: at(version),
  status,
});

/** A frame of `orderUpdated`. */
export const frameOf = (version: number, status: string, kind = 'UPDATE'): Answer => ({
  data: { orderUpdated: { __typename: 'OrderUpdate', kind, order: orderAt(version, status) } },
  extensions: { position: at(version), kind },
});
