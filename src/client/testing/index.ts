// A scripted server for the tests and stories of a front end: no network, no database. It is a test double: it shows
// how a page behaves when the server does this or that. What the server itself guarantees is proven on the real one.
import type { ErrorCode } from './coded-error.ts';
import { createCommands } from './commands.ts';
import { createExecution } from './execution.ts';
import { createLive, type LiveKind } from './live.ts';
import { createNetwork, type Delays } from './network.ts';
import type { Refusal } from './refusals.ts';
import type {
  CustomerRow,
  GivenCustomer,
  GivenOrder,
  GivenProduct,
  GivenRow,
  GivenShop,
  OrderRow,
  ProductRow,
  Row,
} from './rows.ts';
import { createScript } from './script.ts';
import { createFetch } from './scripted-fetch.ts';
import { createWebSocketClass } from './scripted-socket.ts';
import { createServerCore, type ScriptedRequest } from './server-core.ts';
import { createShop } from './shop.ts';
import { createTokens } from './tokens.ts';

export type { ErrorCode } from './coded-error.ts';
export type { LiveKind } from './live.ts';
export type { Delays } from './network.ts';
export type { Issue, Refusal, RejectionReason } from './refusals.ts';
export type * from './rows.ts';
export type { ScriptedRequest } from './server-core.ts';

/** A server in the memory of a test. Clients reach it by its `fetch` and its `WebSocket`. */
export interface ScriptedServer {
  /** URL of the endpoint. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** For `webSocketImpl` of graphql-ws. */
  readonly WebSocket: typeof WebSocket;
  /**
   * A new valid token.
   * @param subject a customer's id (`cus_…`), or the name of a staff member
   */
  token(subject?: string): string;

  /** The objects as they are now, oldest first. */
  readonly orders: readonly OrderRow[];
  readonly customers: readonly CustomerRow[];
  readonly products: readonly ProductRow[];
  /** The position of the newest change. */
  readonly position: string;
  /** The operations that clients have sent, in order. */
  readonly requests: readonly ScriptedRequest[];

  /** Adds an object, as another user would: subscriptions get a frame. */
  addOrder(order?: GivenOrder): OrderRow;
  addCustomer(customer?: GivenCustomer): CustomerRow;
  addProduct(product?: GivenProduct): ProductRow;
  /**
   * Changes an object, as another user would: subscriptions get a frame. No rule is checked.
   * @throws Error if there is no object with this id
   */
  change(id: string, fields: GivenRow): Row;
  /**
   * Sends a frame about an object and stores nothing: the frame of an earlier version again (`{ version: 2 }`), or of a
   * state that does not exist.
   */
  frame(id: string, fields?: GivenRow, kind?: LiveKind): void;
  /** Sends PROGRESS to all lists, at the position of a change that does not concern them. */
  progress(): void;
  /** Becomes another log, as after the restore of a database. @param shop its objects; default: the same ones */
  resync(shop?: GivenShop): void;

  /** Rejects the next call of a command, e.g. `refuse('confirmOrder', { reason: 'ORDER_NOT_SUBMITTED' })`. */
  refuse(command: string, refusal: Refusal): void;
  /**
   * Lets the next call of a field fail. After `OUTCOME_UNKNOWN` a command is stored, after any other code it is not.
   * @param field of Query, Mutation or Subscription
   */
  fail(field: string, code: ErrorCode): void;
  /** Delays answers from now on. An operation is executed when it is sent, and its answer arrives later. */
  delay(delays: Delays): void;
  /** Loses all open connections: sockets close with 1006, requests in flight fail. */
  cut(): void;
  /** Loses all open connections without a sign: they stay open, and nothing arrives. New connections work. */
  silence(): void;
  /** Takes the network away, or brings it back. In a page `navigator.onLine` and the events of the window follow. */
  offline(isOffline: boolean): void;
  /** Rejects all tokens until now: sockets close with 4403, and HTTP requests get 401. */
  expireTokens(): void;
}

/**
 * Creates a server with these objects. Fields that are left out get values that fit, so `{ status: 'SHIPPED' }` is a
 * whole order with a customer and a line.
 */
export function createScriptedServer(given: GivenShop = {}): ScriptedServer {
  const shop = createShop(given);
  const script = createScript();
  const live = createLive(shop);
  const commands = createCommands(script.takeRefusal);
  const network = createNetwork();
  const tokens = createTokens();
  const execution = createExecution(live, commands, script);
  const core = createServerCore({ shop, execution, script, network, tokens });

  return {
    url: 'http://orderstream.test/graphql',
    fetch: createFetch(core),
    WebSocket: createWebSocketClass(core),
    token: (subject = 'anna') => tokens.make(subject),
    get orders() {
      return shop.all('Order');
    },
    get customers() {
      return shop.all('Customer');
    },
    get products() {
      return shop.all('Product');
    },
    get position() {
      return shop.log.position;
    },
    requests: core.requests,
    addOrder: (order = {}) => shop.addOrder(order),
    addCustomer: (customer = {}) => shop.addCustomer(customer),
    addProduct: (product = {}) => shop.addProduct(product),
    change: (id, fields) => shop.store(shop.changed(shop.row(id), fields)),
    frame(id, fields = {}, kind = 'UPDATE') {
      const { version, ...others } = fields;
      const known = version === undefined ? shop.row(id) : shop.versions(id).find(row => row.version === version);
      const row = known ?? { ...shop.row(id), ...fields, position: shop.log.append() };
      const state = Object.keys(others).length === 0 ? row : { ...row, ...shop.changed(row as Row, others) };
      live.send(state as Row, kind);
    },
    progress() {
      shop.log.append();
      live.progress();
    },
    resync(others) {
      commands.forget();
      shop.replace(others);
    },
    refuse: script.refuse,
    fail: script.fail,
    delay: network.delay,
    cut: network.cut,
    silence: network.silence,
    offline: network.offline,
    expireTokens() {
      tokens.expire();
      network.expire();
    },
  };
}
