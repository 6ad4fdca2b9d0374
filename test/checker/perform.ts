import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../support/post.ts';
import { customerToken, staffToken } from '../support/tokens.ts';
import { commandDocument } from './documents.ts';
import {
  type Command,
  customerCount,
  customerIdOf,
  lineIdOf,
  orderIdOf,
  ownerOf,
  type Plan,
  productCount,
  productIdOf,
  startingOrders,
} from './plan.ts';

/** How long a command is retried, ms: more than a process needs to start on a busy machine. */
const retryLimitMs = 60_000;
const passing: readonly unknown[] = ['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'RATE_LIMITED'];

/** Sends the commands of a plan to the nodes, each until its outcome is known. */
export interface Performer {
  /** Stores customers, products and the first orders. */
  prepare(): Promise<void>;
  /**
   * @param key makes every retry the same command
   * @returns the position that it reached; undefined if a business rule rejected it
   */
  perform(command: Command, key: string): Promise<string | undefined>;
}

/** @param onRetry called with the reason of each retry */
export function openPerformer(
  plan: Plan,
  urls: readonly string[],
  onRetry: (code: unknown) => void = () => undefined,
): Performer {
  let node = 0;

  async function send(name: string, payload: string, token: string, input: object): Promise<string | undefined> {
    const document = commandDocument(name, payload);
    const deadline = Date.now() + retryLimitMs;
    for (;;) {
      // Each retry uses the next node, because a node that is down stays down for a while.
      const url = urls[node++ % urls.length]!;
      const answer = await post<{ result: { position?: string } }>(url, document, { input }, { token }).catch(
        (error: unknown) => ({ errors: [{ message: String(error), extensions: { code: 'UNAVAILABLE' } }], data: null }),
      );
      const [error] = answer.errors ?? [];
      if (error === undefined) return answer.data?.result.position;
      if (!passing.includes(error.extensions.code) || Date.now() > deadline) {
        throw new Error(`${name} ${JSON.stringify(input)}: ${JSON.stringify(answer.errors)}`);
      }
      onRetry(error.extensions.code);
      await sleep(50);
    }
  }

  async function tokenFor({ order, asStaff }: Pick<Command, 'order' | 'asStaff'>): Promise<string> {
    return asStaff ? staffToken() : customerToken(customerIdOf(plan, ownerOf(order)));
  }

  async function perform(command: Command, key: string): Promise<string | undefined> {
    const [name, more] = requestOf(plan, command);
    const input = { orderId: orderIdOf(plan, command.order), ...more, idempotencyKey: `${plan.seed}-${key}` };
    return send(name, 'OrderCommandPayload', await tokenFor(command), input);
  }

  return {
    perform,
    async prepare() {
      const staff = await staffToken();
      for (let index = 0; index < customerCount; index++) {
        const input = {
          customerId: customerIdOf(plan, index),
          name: `Customer ${index}`,
          email: `${index}@example.com`,
        };
        await send('registerCustomer', 'CustomerCommandPayload', staff, input);
      }
      for (let index = 0; index < productCount; index++) {
        const price = { amount: `${index + 1}.50`, currency: 'EUR' };
        const input = { productId: productIdOf(plan, index), sku: `sku ${index}`, name: `Tea ${index}`, price };
        await send('addProduct', 'ProductCommandPayload', staff, input);
      }
      for (let order = 0; order < startingOrders; order++) {
        await perform({ type: 'create', order, asStaff: true }, `first ${order}`.replace(' ', '-'));
      }
    },
  };
}

/** The mutation's name, and its input except order and key. */
function requestOf(plan: Plan, command: Command): [string, object] {
  const { order } = command;
  switch (command.type) {
    case 'create':
      return ['createOrder', command.asStaff ? { customerId: customerIdOf(plan, ownerOf(order)) } : {}];
    case 'add': {
      const { product, quantity } = command;
      const lineId = lineIdOf(plan, order, product);
      return ['addOrderItem', { productId: productIdOf(plan, product), lineId, quantity }];
    }
    case 'change':
      return [
        'changeOrderItemQuantity',
        { lineId: lineIdOf(plan, order, command.product), quantity: command.quantity },
      ];
    case 'submit':
    case 'confirm':
    case 'deliver':
      return [`${command.type}Order`, {}];
    case 'ship':
      return ['shipOrder', { carrier: 'Speedy Express' }];
    case 'cancel':
      return ['cancelOrder', { reason: 'changed my mind' }];
  }
}
