import { setTimeout as sleep } from 'node:timers/promises';
import {
  AddOrderItemDocument,
  AddProductDocument,
  CancelOrderDocument,
  ChangeOrderItemQuantityDocument,
  CreateOrderDocument,
  RegisterCustomerDocument,
  RemoveOrderItemDocument,
  RenameCustomerDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { codesOf } from './codes-of.ts';
import { post, type PostAnswer } from './post.ts';
import type { Document } from './typed-document.ts';
import { customerToken, staffToken, type TokenOptions } from './tokens.ts';

/** A command that was answered as stored. */
export interface Acknowledged {
  readonly name: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: string;
  /** When it was sent first and last, and when it was answered, ms since the epoch. */
  readonly sent: number;
  readonly sentLast: number;
  readonly answered: number;
}

export interface CommandRun {
  readonly acknowledged: readonly Acknowledged[];
  /** Why commands were retried: the code of a response, or the failure of its connection. */
  readonly setbacks: readonly string[];
  /** Lets the customers start commands, or stops them from starting new ones. */
  go(): void;
  rest(): void;
  /** @throws a response that is no answer to a command */
  expectSound(): void;
  /** Resolves when every started command has its answer. */
  end(): Promise<void>;
}

export interface RunOptions {
  /** After this time a client tries another node, ms; default: never. */
  readonly impatience?: number;
  /** Lifetime of the tokens of customers and staff. */
  readonly tokens?: TokenOptions;
}

const customers = 6;
const answerTimeoutMs = 60_000; // ms until an unanswered command fails the run

type Send = <Data extends object, Variables extends { input: object }>(
  document: Document<Data, Variables>,
  input: Variables['input'],
  token: string,
) => Promise<{ readonly id: string } | undefined>;

/**
 * Customers who fill, change, submit and cancel orders, their own and one shared order, as fast as they get answers.
 * They do what a client must do to have each command once: each command has a key, and is retried at any available
 * node until it is answered. Some are sent once more afterwards: the answer must be the same.
 * @param urls of the nodes that are available now
 */
export async function startCommandRun(
  urls: () => readonly string[],
  { impatience, tokens }: RunOptions = {},
): Promise<CommandRun> {
  const acknowledged: Acknowledged[] = [];
  const setbacks: string[] = [];
  let resting = true;
  let ended = false;

  const send: Send = async (document, input, token) => {
    const keyed = { input: { ...input, idempotencyKey: crypto.randomUUID() } };
    const sent = Date.now();
    const first = await answered(document, keyed, token);
    if (first === undefined) return undefined;
    const { name, streamId: id, version, position } = first;
    acknowledged.push({ ...first, sent, answered: Date.now() });
    if (Math.random() < 0.1) {
      const second = await answered(document, keyed, token);
      if (second?.version !== version || second.position !== position) {
        throw new Error(`${name} was answered ${JSON.stringify(first)}, and then ${JSON.stringify(second)}`);
      }
    }
    return { id };
  };

  /** The command's answer, after as many retries as it needs; undefined if it was rejected. */
  async function answered(document: Document<object, never>, variables: object, token: string) {
    const deadline = Date.now() + answerTimeoutMs;
    for (;;) {
      const sentLast = Date.now();
      const how = { token, patience: impatience };
      const answer = await post(pick(urls()), document, variables as never, how).catch((error: unknown) => {
        setbacks.push(reasonOf(error));
        return undefined;
      });
      const again = answer && reasonToSendAgain(answer);
      if (answer !== undefined && again === undefined) {
        const outcome = outcomeOf(answer);
        return outcome && { ...outcome, sentLast };
      }
      if (again !== undefined) setbacks.push(again);
      if (sentLast > deadline) throw new Error(`no answer to ${JSON.stringify(variables)}`);
      await sleep(20 + Math.random() * 60);
    }
  }

  const staff = await staffToken(tokens);
  const register = () =>
    send(RegisterCustomerDocument, { name: 'Ada Lovelace', email: 'ada@example.com' }, staff).then(one => one!.id);
  const first = await register(); // alone: everything before it in the log is not part of this run
  const more = await Promise.all(Array.from({ length: customers - 1 }, register));
  const customerIds = [first, ...more];
  const products = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      send(
        AddProductDocument,
        { sku: crypto.randomUUID(), name: `Tea ${index}`, price: { amount: `${index}.99`, currency: 'EUR' } },
        staff,
      ),
    ),
  );
  const productIds = products.map(product => product!.id);
  const shared = (await send(CreateOrderDocument, { customerId: first, reference: 'shared' }, staff))!.id;

  async function actAs(customerId: string): Promise<void> {
    const token = await customerToken(customerId, tokens);
    let orderId: string | undefined;
    let lineIds: string[] = [];
    while (!ended) {
      if (resting) {
        await sleep(10);
        continue;
      }
      if (orderId === undefined) {
        const items = [{ productId: pick(productIds), quantity: 1 }];
        orderId = (await send(CreateOrderDocument, { reference: 'own', items }, token))?.id;
        lineIds = [];
        continue;
      }
      const dice = Math.random();
      if (dice < 0.15) {
        await send(AddOrderItemDocument, { orderId: shared, productId: pick(productIds) }, staff);
      } else if (dice < 0.6 || lineIds.length === 0) {
        const lineId = `lin_${crypto.randomUUID()}`;
        const input = { orderId, productId: pick(productIds), quantity: 1 + Math.floor(Math.random() * 5), lineId };
        if (await send(AddOrderItemDocument, input, token)) lineIds.push(lineId);
      } else if (dice < 0.75) {
        const quantity = 1 + Math.floor(Math.random() * 20);
        await send(ChangeOrderItemQuantityDocument, { orderId, lineId: pick(lineIds), quantity }, token);
      } else if (dice < 0.85) {
        await send(RemoveOrderItemDocument, { orderId, lineId: pick(lineIds) }, token);
      } else if (dice < 0.9) {
        await send(RenameCustomerDocument, { customerId, name: `Ada ${Math.floor(Math.random() * 100)}` }, token);
      } else {
        if (dice < 0.95) await send(SubmitOrderDocument, { orderId }, token);
        else await send(CancelOrderDocument, { orderId, reason: 'changed my mind' }, token);
        orderId = undefined;
      }
    }
  }

  const acting = Promise.all(customerIds.map(actAs));
  let failure: { readonly error: unknown } | undefined;
  acting.catch((error: unknown) => (failure = { error }));
  return {
    acknowledged,
    setbacks,
    go: () => void (resting = false),
    rest: () => void (resting = true),
    expectSound() {
      if (failure) throw failure.error;
    },
    end: async () => {
      ended = true;
      await acting;
    },
  };
}

function reasonToSendAgain(answer: PostAnswer<object>): string | undefined {
  return codesOf(answer)?.find(code => code === 'UNAVAILABLE' || code === 'OUTCOME_UNKNOWN');
}

/** The message of fetch names no reason; its cause does. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause?.code ?? cause?.message ?? name;
}

type Outcome = Pick<Acknowledged, 'name' | 'streamId' | 'version' | 'position'>;

function outcomeOf({ data, errors }: PostAnswer<object>): Outcome | undefined {
  const [[name, result] = []] = Object.entries(data ?? {}) as [string, Record<string, unknown> | null][];
  if (name === undefined || !result) throw new Error(`neither stored nor rejected: ${JSON.stringify(errors)}`);
  const { orderId, customerId, productId, version, position } = result as { version?: number; position?: string } & {
    readonly [Name in 'orderId' | 'customerId' | 'productId']?: string;
  };
  const streamId = orderId ?? customerId ?? productId;
  if (streamId === undefined || version === undefined || position === undefined) return undefined;
  return { name, streamId, version, position };
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!;
}
