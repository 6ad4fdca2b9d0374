import { type DocumentNode, print, validate } from 'graphql';
import { createEntityVersions } from '../../../../src/client/entity-versions.ts';
import type { ConnectionState } from '../../../../src/client/connection-state.ts';
import type { Sink } from '../../../../src/client/iterate.ts';
import type { Answer } from '../../../../src/client/operation-session.ts';
import type { Data, Variables } from '../../../../src/client/data.ts';
import { OperationError } from '../../../../src/client/operation-error.ts';
import type { Operations } from '../../../../src/client/operations.ts';
import { createOverlays } from '../../../../src/client/overlays.ts';
import type { Session } from '../../../../src/client/session.ts';
import { createStore } from '../../../../src/client/store.ts';
import { OrderLog, schema, type OrderState } from './order-log.ts';

const valid = new Set<string>();

/** A query that was sent and is not answered yet. */
export interface PendingQuery {
  readonly document: DocumentNode;
  readonly variables: Variables;
  readonly log: OrderLog;
  /** What the client had seen when it sent the query. */
  readonly floor: number;
  /**
   * @param point at which it is read; by default the newest
   * @param spread number of changes between the reads of two of its pages
   */
  answer(point?: number, spread?: number): void;
  fail(code: string): void;
}

type Frame = { readonly log: OrderLog } & (
  | { readonly kind: 'UPDATE'; readonly state: OrderState }
  | { readonly kind: 'RESYNC' | 'PROGRESS'; readonly point: number }
);

/** A subscription that was opened and has not ended. */
export class Subscription {
  readonly document: DocumentNode;
  readonly variables: Variables;
  readonly sink: Sink<Answer>;
  /** Frames on their way. */
  readonly frames: Frame[] = [];
  /** The log of its position; undefined: a log that is not there any more. */
  log: OrderLog | undefined;
  point: number;

  constructor(document: DocumentNode, variables: Variables, sink: Sink<Answer>, log: OrderLog) {
    this.document = document;
    this.variables = variables;
    this.sink = sink;
    const { after } = variables as { readonly after?: string };
    this.point = after === undefined ? log.point : Number.parseInt(after, 16);
    this.log = after === undefined || after === log.positionAt(this.point) ? log : undefined;
  }
}

/** The operations of a client whose server is an OrderLog. The test decides when what arrives. */
export class ModelOperations implements Operations {
  log = new OrderLog(1);
  /** How often the client has seen another log than before. */
  logChanges = 0;
  readonly entities = createEntityVersions();
  readonly overlays = createOverlays(this.entities);
  queries: PendingQuery[] = [];
  readonly subscriptions = new Set<Subscription>();
  /** Number of operations that were ever sent. */
  sent = 0;
  viewer: string | undefined = 'staff someone';
  /** `identify()` waits for it. */
  identified: Promise<void> | undefined;
  readonly connection = createStore<ConnectionState>({ status: 'idle', sinceMs: 0 } as ConnectionState);
  #seen = 0;
  #known = this.log;
  #viewer = new AbortController();

  readonly session = ((operations: ModelOperations) => ({
    entities: operations.entities,
    overlays: operations.overlays,
    connection: operations.connection,
    get viewerSignal() {
      return operations.#viewer.signal;
    },
    get viewer() {
      return operations.viewer;
    },
    identify: async () => {
      await operations.identified;
      return operations.viewer ?? '';
    },
  }))(this) as unknown as Session;

  signOut(): void {
    const ended = this.#viewer;
    this.#viewer = new AbortController();
    this.overlays.clear();
    this.entities.clear();
    for (const { sink } of [...this.subscriptions]) sink.complete();
    ended.abort();
  }

  query(document: DocumentNode, variables: Variables, signal?: AbortSignal): Promise<Data> {
    this.#check(document);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.queries = this.queries.filter(one => one !== query);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const { log } = this;
      const query: PendingQuery = {
        document,
        variables,
        log,
        floor: this.#seen,
        answer: (point = log.point, spread) => end(() => resolve(this.#answered(query, point, spread))),
        fail: code => end(() => reject(new OperationError(code, code))),
      };
      this.queries.push(query);
      const abort = () => query.fail('SIGNED_OUT');
      signal?.addEventListener('abort', abort);
    });
  }

  mutate(): Promise<Data> {
    throw new Error('No list sends commands.');
  }

  subscribe(document: DocumentNode, variables: Variables, sink: Sink<Answer>): () => void {
    this.#check(document);
    const subscription = new Subscription(document, variables, sink, this.log);
    this.subscriptions.add(subscription);
    return () => this.subscriptions.delete(subscription);
  }

  /** The server reads what changed, and sends it. */
  send(subscription: Subscription): void {
    const { log } = this;
    if (subscription.log !== log) {
      Object.assign(subscription, { log, point: log.point });
      subscription.frames.push({ log, kind: 'RESYNC', point: log.point });
      return;
    }
    for (const state of log.changesAfter(subscription.point)) subscription.frames.push({ log, kind: 'UPDATE', state });
    subscription.point = Math.max(subscription.point, log.point);
  }

  sendProgress(subscription: Subscription): void {
    const { log } = this;
    if (subscription.log === log) subscription.frames.push({ log, kind: 'PROGRESS', point: subscription.point });
  }

  /** The next frame arrives. */
  deliver(subscription: Subscription): void {
    const frame = subscription.frames.shift();
    if (!frame || !this.subscriptions.has(subscription)) return;
    const point = frame.kind === 'UPDATE' ? frame.state.point : frame.point;
    const log = frame.log;
    this.#notice(log);
    this.#seen = Math.max(this.#seen, point);
    const position = log.positionAt(point);
    const value = {
      kind: frame.kind,
      position,
      ...(frame.kind === 'UPDATE' && this.#update(subscription, log, frame.state)),
    };
    const { document, variables } = subscription;
    const data = log.execute(document, variables, {
      ordersUpdated: value,
      customerOrdersUpdated: value,
      orderUpdated: value,
    });
    const newest = this.entities.admit(document, variables, data);
    // The session leaves out a frame whose order is known in a newer version.
    if (newest) subscription.sink.next({ data: newest, extensions: { position, kind: frame.kind } });
  }

  /** The newest state of one order arrives at those who follow it. */
  sendOrder(id: string): void {
    const state = this.log.ordersAt(this.log.point).get(id)!;
    const position = this.log.positionAt(state.point);
    const value = { kind: 'UPDATE', position, order: this.log.orderOf(state) };
    this.#sendValue(({ variables }) => variables['id'] === id, { orderUpdated: value });
  }

  sendCounts(byStatus: Readonly<Record<string, number>>): void {
    const entries = Object.entries(byStatus);
    const sum = (of: typeof entries) => of.reduce((total, [, count]) => total + count, 0);
    const position = this.log.positionAt(this.log.point);
    const counts = {
      byStatus: entries.map(([status, count]) => ({ status, count })),
      orderCount: sum(entries),
      openOrderCount: sum(entries.filter(([status]) => ['SUBMITTED', 'CONFIRMED', 'SHIPPED'].includes(status))),
      position,
    };
    this.#sendValue(() => true, { orderCountsUpdated: { kind: 'UPDATE', position, counts } });
  }

  #sendValue(isFor: (subscription: Subscription) => boolean, rootValue: object): void {
    for (const { document, variables, sink } of [...this.subscriptions].filter(isFor)) {
      const data = this.entities.admit(document, variables, this.log.execute(document, variables, rootValue));
      if (data) sink.next({ data, extensions: {} });
    }
  }

  /** The answer to a command of this tab arrives. */
  admit(document: DocumentNode, rootValue: object): void {
    this.#notice(this.log);
    this.entities.admit(document, {}, this.log.execute(document, {}, rootValue));
  }

  #update({ variables }: Subscription, log: OrderLog, state: OrderState): object {
    return { matches: log.matches(state, variables['filter'] as never), order: log.orderOf(state), orderId: state.id };
  }

  #answered({ document, variables, log }: PendingQuery, point: number, spread: number | undefined): Data {
    // A server of another log would reject the position that the query has, and the client asks again without it.
    const [source, at] = log === this.log ? [log, point] : [this.log, this.log.point];
    this.#notice(source);
    const data = source.execute(document, variables, source.queryAt(at, spread));
    this.#seen = Math.max(this.#seen, at);
    const newest = this.entities.admit(document, variables, data);
    return (
      newest ??
      this.entities.admit(document, variables, source.execute(document, variables, source.queryAt(source.point)))!
    );
  }

  /** What the session does if an answer is of another log than the ones before. */
  #notice(log: OrderLog): void {
    if (log === this.#known) return;
    this.#known = log;
    this.logChanges++;
    this.#seen = 0;
    this.entities.clear();
    this.overlays.clear();
  }

  #check(document: DocumentNode): void {
    this.sent++;
    const text = print(document);
    if (valid.has(text)) return;
    const [error] = validate(schema, document);
    if (error) throw error;
    valid.add(text);
  }
}
