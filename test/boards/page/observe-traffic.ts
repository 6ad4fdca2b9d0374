import type { Tell } from './observer.ts';

/** Wraps the page's WebSocket and fetch, and tells whose token each frame and each answer came with. */
export function observeTraffic(tell: Tell): void {
  const OwnSocket = window.WebSocket;
  const ownFetch = window.fetch.bind(window);

  window.WebSocket = class extends OwnSocket {
    #subject = '';

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const { type, payload } = parsed(data);
        if (type !== 'next') return;
        const kind = payload?.extensions?.kind;
        tell({ kind: 'frame', subject: this.#subject, type: kind ?? 'ANSWER' });
      });
    }

    override send(data: string): void {
      const { type, payload } = parsed(data);
      if (type === 'connection_init') this.#subject = subjectOf(payload?.Authorization);
      if (type === 'subscribe' && payload?.query?.trimStart().startsWith('subscription') === false) {
        tell({ kind: 'request', ...operationOf(payload) });
      }
      super.send(data);
    }
  };

  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    // A GET asks for nothing: the client finds out whether the server is back.
    if (!request.url.endsWith('/graphql') || request.method === 'GET') return ownFetch(input, init);
    const subject = subjectOf(request.headers.get('authorization'));
    const asked = operationOf(parsed(typeof init?.body === 'string' ? init.body : '{}'));
    tell({ kind: 'request', ...asked });
    const response = await ownFetch(input, init);
    tell({ kind: 'answer', subject, operation: asked.operation });
    void tellErrors(response.clone());
    return response;
  };

  async function tellErrors(response: Response): Promise<void> {
    // The page may cancel the request.
    const text = await response.text().catch(() => '');
    const { errors = [] } = text.startsWith('{') ? parsed(text) : {};
    if (errors.length === 0) return;
    const codes = errors.map(({ extensions }) => extensions?.code ?? '');
    tell({ kind: 'errors', codes, message: errors[0]?.message ?? '' });
  }
}

interface Message {
  readonly type?: string;
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
  readonly payload?: Message & { readonly Authorization?: string; readonly extensions?: { readonly kind?: string } };
}

function parsed(text: string): Message {
  return JSON.parse(text) as Message;
}

/** `key` is the same for an operation that is sent again; positions are left out. */
function operationOf({ query = '', variables }: Message): { operation: string; key: string } {
  const [operation = 'query'] = /^\w+/.exec(query.trimStart()) ?? [];
  const key = JSON.stringify([query, variables], (name, value: unknown) => (name === 'atLeast' ? undefined : value));
  return { operation, key };
}

/** Of a bearer token; empty without one. */
function subjectOf(authorization: string | null | undefined): string {
  const [, claims] = authorization?.split('.') ?? [];
  if (claims === undefined) return '';
  return (JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { sub: string }).sub;
}
