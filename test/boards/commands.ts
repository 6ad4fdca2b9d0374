import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../support/post.ts';
import { staffToken } from '../support/tokens.ts';

export type CommandName =
  | 'createOrder'
  | 'changeOrderItemQuantity'
  | 'submitOrder'
  | 'confirmOrder'
  | 'shipOrder'
  | 'deliverOrder'
  | 'cancelOrder';

/** An order after a command to it. */
export interface ChangedOrder {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly lines: readonly { readonly id: string; readonly quantity: number }[];
}

/** Only a guard against a node that never returns, ms. */
const retryLimitMs = 180_000;
const passing: readonly unknown[] = ['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'RATE_LIMITED'];

/**
 * Sends a command as staff until its outcome is known.
 * @param url of a node, asked for before each attempt
 * @returns the order; undefined if a rule rejected the command
 */
export async function command(url: () => string, name: CommandName, input: object): Promise<ChangedOrder | undefined> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { result: ${name}(input: $input) {
    ... on OrderCommandPayload { version order { id version status lines { id quantity } } } } }`;
  const variables = { input: { ...input, idempotencyKey: randomUUID() } };
  const { result } = await asked<{ result: { order?: ChangedOrder } }>(url, document, variables);
  return result.order;
}

/** The data of an operation that staff sends until the node answers it. */
export async function asked<Data>(url: () => string, document: string, variables: object): Promise<Data> {
  const token = await staffToken();
  const deadline = Date.now() + retryLimitMs;
  for (;;) {
    const answer = await post<Data, object>(url(), document, variables, { token, patience: 15_000 }).catch(
      (error: unknown) => ({ errors: [{ message: String(error), extensions: { code: 'UNAVAILABLE' } }], data: null }),
    );
    if (answer.data != null && answer.errors === undefined) return answer.data;
    const passes = answer.errors?.some(({ extensions }) => passing.includes(extensions.code)) === true;
    if (!passes || Date.now() > deadline) throw new Error(`${document}: ${JSON.stringify(answer.errors)}`);
    await sleep(50);
  }
}
