import type { DocumentNode } from 'graphql';
import { ask, signedOut } from './ask.ts';
import { createConnectionGate } from './connection-gate.ts';
import { authorizePatiently } from './authorize-patiently.ts';
import { type ConnectionState, createConnection } from './connection-state.ts';
import { withEntityFields } from './entity-fields.ts';
import { createEntityVersions, type EntityVersions } from './entity-versions.ts';
import { webSocketTransport } from './graphql-ws.ts';
import type { Flow, Sink } from './iterate.ts';
import { type Answer, openOperationSession } from './operation-session.ts';
import type { Variables } from './data.ts';
import { endOnce } from './end-once.ts';
import { isCommand } from './is-command.ts';
import { isOvertaken } from './is-overtaken.ts';
import { createOverlays, type Overlays } from './overlays.ts';
import { createPauses } from './pauses.ts';
import { openPost } from './open-post.ts';
import { createSeen, type Seen } from './seen.ts';
import { textOf } from './text-of.ts';
import type { Store } from './store.ts';
import type { Token } from './token.ts';
import type { OpenTransport } from './transport.ts';
import { createViewerTransport } from './viewer-transport.ts';
import { type Authorization, createViewers } from './viewers.ts';
import { whenAwake } from './when-awake.ts';

export interface SessionOptions {
  /** URL of the endpoint, e.g. `https://shop.example/graphql`. */
  readonly url: string;
  /** Called for each request and each connection, see {@link Token}. Without it nothing is sent as authorization. */
  readonly token?: Token | undefined;
  /** Carries subscriptions. Default: one WebSocket; `eventStreamTransport` of the entry `sse` uses HTTP instead. */
  readonly transport?: OpenTransport | undefined;
  /**
   * Called if the log was replaced (a restored database): drop your own cached data. Live lists and our links have
   * already asked again.
   */
  readonly onResync?: ((position: string | undefined) => void) | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** The constructor `WebSocket`, if there is no global one (Node 20). */
  readonly webSocket?: unknown;
}

export interface SessionRequest {
  readonly document: DocumentNode;
  readonly variables?: Variables | undefined;
  /** With `persistedQuery` the hash of the document is sent instead of its text. */
  readonly extensions?: Variables | undefined;
  readonly operationName?: string | null | undefined;
  /** The viewer whose command it is: it is not sent with the token of another one. Default: the present viewer. */
  readonly viewer?: string | undefined;
}

/** What all clients of one browser tab share: the viewer, their token, the connection, and all that was seen. */
export interface Session {
  /** URL of the endpoint. */
  readonly url: string;
  readonly seen: Seen;
  readonly entities: EntityVersions;
  readonly overlays: Overlays;
  /**
   * Aborted as soon as this viewer signs out or another viewer's token is used; then a new signal follows. An operation
   * reads it when it starts.
   */
  readonly viewerSignal: AbortSignal;
  /** `role sub` of the token; undefined before the first token. */
  readonly viewer: string | undefined;
  /** Gets a token, and notices another viewer. @returns the viewer @throws what `token` throws */
  identify(): Promise<string>;
  readonly connection: Store<ConnectionState>;
  /**
   * Sends a query or commands over HTTP. Transient failures are retried, a rejected token is renewed, and each entity
   * of the answer is in its newest known version.
   * @throws OperationError if no server answered, or the viewer signed out
   */
  ask(request: SessionRequest, signal?: AbortSignal): Promise<Answer>;
  /**
   * Opens a subscription. It resumes after lost connections and expired tokens, and completes if the viewer signs out.
   * @returns a function that ends it
   */
  subscribe(request: SessionRequest, sink: Sink<Answer>): () => void;
  /** Called after another log was noticed: what caches hold is of the old one. @returns a function that removes the listener */
  onResync(listener: () => void): () => void;
  /**
   * Called when a viewer ends: what caches hold is theirs.
   * @param listener gets whether another viewer follows at once. @returns a function that removes the listener
   */
  onViewerEnd(listener: (isReplaced: boolean) => void): () => void;
  /**
   * Closes the connection of the subscriptions and opens none until `resume()`, as if it were lost; queries and commands
   * still work. For tests and demonstrations, and for a page in the background.
   */
  pause(): void;
  /** Connects again after `pause()`: each subscription continues after its last frame. */
  resume(): void;
  /** Ends all operations and connections of the viewer and forgets what they saw. The next operation asks for a token. */
  logout(): void;
  /** Ends all for good: operations that begin afterwards fail with the code `SIGNED_OUT`. */
  close(): void;
}

export function createSession(options: SessionOptions): Session {
  const { url, token, transport: openTransport = webSocketTransport, webSocket } = options;
  const fetched = options.fetch ?? ((input, init) => fetch(input, init));
  const entities = createEntityVersions();
  const overlays = createOverlays(entities);
  const seen = createSeen(() => {
    entities.clear();
    overlays.clear();
  });
  const connection = createConnection();
  const pauses = createPauses();
  const gate = createConnectionGate();
  const resyncListeners = new Set<() => void>();
  const viewerListeners = new Set<(isReplaced: boolean) => void>();
  const viewers = createViewers(token, isReplaced => {
    transport.close();
    framePosition = undefined;
    seen.reset();
    connection.forget();
    for (const listener of [...viewerListeners]) listener(isReplaced);
  });
  const transport = createViewerTransport(viewers, openTransport, {
    url: async () => {
      await gate.passed();
      return url;
    },
    seen,
    onResync: resync,
    onStatus: connection.report,
    fetch: fetched,
    webSocket,
    hasToken: token !== undefined,
  });
  const post = openPost(url, fetched);
  let framePosition: string | undefined;
  let resyncedLog: number | undefined;

  function resync(position: string | undefined): void {
    // Each subscription notices it.
    if (seen.log === resyncedLog) return;
    resyncedLog = seen.log;
    for (const listener of [...resyncListeners]) listener();
    options.onResync?.(position);
  }

  function opened({ document, variables, extensions }: SessionRequest) {
    const hashed = extensions?.['persistedQuery'] != null;
    // A registered document has another hash if it is changed: there the codegen transform adds the fields.
    const sent = hashed ? document : withEntityFields(document);
    const admit = (data: Variables) => entities.admit(sent, variables ?? {}, data);
    return { given: { query: textOf(sent), variables, extensions }, options: { seen, onResync: resync, admit } };
  }

  /** @throws OperationError if the viewer is another one now */
  async function authorizeAs(viewerSignal: AbortSignal, refused?: string): Promise<Authorization> {
    const authorization = await viewers.authorize(refused);
    if (authorization.signal !== viewerSignal) throw signedOut();
    return authorization;
  }

  function subscribe(request: SessionRequest, sink: Sink<Answer>): () => void {
    const session = opened(request);
    let flow: Flow | undefined;
    let stopListening: () => void = () => undefined;
    const once = endOnce(
      {
        error: error => {
          sink.error(error);
        },
        complete: () => {
          sink.complete();
        },
        next(answer) {
          const { position } = answer.extensions ?? {};
          if (typeof position === 'string' && (framePosition ?? '') < position) framePosition = position;
          connection.progress(seen.position, framePosition);
          sink.next(answer);
        },
      },
      () => {
        stopListening();
      },
    );
    authorizePatiently(viewers, pauses).then(({ signal }) => {
      if (once.isOver) return;
      signal.addEventListener('abort', once.complete);
      stopListening = () => {
        signal.removeEventListener('abort', once.complete);
      };
      const { query, variables, extensions } = session.given;
      const { operationName } = request;
      flow = transport.of(signal).open(
        { query, variables, extensions, ...(operationName != null && { operationName }) },
        once,
        // What arrives after the end may be of an ended viewer: it is not recorded.
        data => {
          if (once.isOver) return null;
          return session.options.admit(data) ?? (isOvertaken(entities, data) ? null : undefined);
        },
      );
    }, once.error);
    return () => {
      once.leave();
      flow?.leave();
    };
  }

  const stopWaking = whenAwake({
    onWake() {
      pauses.wake();
      transport.wake();
    },
    onNetwork: connection.network,
  });

  return {
    url,
    seen,
    entities,
    overlays,
    connection,
    get viewerSignal() {
      return viewers.signal;
    },
    get viewer() {
      return viewers.current;
    },
    identify: async () => {
      await viewers.authorize();
      return viewers.current ?? '';
    },
    async ask(request, signal) {
      const { given, options: operation } = opened(request);
      const viewer = request.viewer ?? (isCommand(request.document) ? viewers.current : undefined);
      const first = await authorizePatiently(viewers, pauses);
      const { signal: viewerSignal } = first;
      if (signal?.aborted || (viewer !== undefined && viewer !== viewers.current)) throw signedOut();
      let unused: Authorization | undefined = first;
      const abort = new AbortController();
      const end = () => {
        abort.abort();
      };
      viewerSignal.addEventListener('abort', end);
      signal?.addEventListener('abort', end);
      try {
        const answer = await ask(
          openOperationSession(given, operation),
          {
            /** If its token is rejected, the request is sent once more with a fresh one. */
            async send(body, headers, timeout) {
              const authorization = unused ?? (await authorizeAs(viewerSignal));
              unused = undefined;
              const request = { body, headers, signal: timeout };
              const response = await post(authorization, request);
              const { token: sent } = authorization;
              if (response.status !== 401 || sent === undefined) return response;
              const again = await authorizeAs(authorization.signal, sent);
              return again.token === sent ? response : post(again, request);
            },
            pauses,
            operationName: request.operationName,
          },
          abort.signal,
        );
        connection.progress(seen.position, framePosition);
        return answer;
      } finally {
        viewerSignal.removeEventListener('abort', end);
        signal?.removeEventListener('abort', end);
      }
    },
    subscribe,
    onResync(listener) {
      resyncListeners.add(listener);
      return () => resyncListeners.delete(listener);
    },
    onViewerEnd(listener) {
      viewerListeners.add(listener);
      return () => viewerListeners.delete(listener);
    },
    pause() {
      if (gate.isShut) return;
      gate.shut();
      connection.pause(true);
      transport.renew();
    },
    resume() {
      if (!gate.isShut) return;
      connection.pause(false);
      gate.open();
      transport.wake();
    },
    logout: viewers.end,
    close() {
      stopWaking();
      viewers.close();
    },
  };
}
