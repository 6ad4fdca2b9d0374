import { openOperationSession } from '../../src/client/operation-session.ts';

/** Interval between two commands, ms. */
const intervalMs = 25;

export interface Shop {
  /** Where subscribers start: a position, and the id of an existing order. */
  readonly start: { readonly after: string; readonly hot: string };
  /** Starts to place and change orders, on the nodes in turn. */
  trade(): { /** @returns how many commands were accepted */ stop(): Promise<number> };
}

const result = '{ ... on OrderCommandPayload { orderId position } ... on CommandError { message } }';
const create = `mutation ($input: CreateOrderInput!) { result: createOrder(input: $input) ${result} }`;
const add = `mutation ($input: AddOrderItemInput!) { result: addOrderItem(input: $input) ${result} }`;
const product = `mutation ($input: AddProductInput!) {
  result: addProduct(input: $input) { ... on ProductCommandPayload { productId } ... on CommandError { message } }
}`;
const customer = `mutation ($input: RegisterCustomerInput!) {
  result: registerCustomer(input: $input) { ... on CustomerCommandPayload { customerId } ... on CommandError { message } }
}`;

interface Answer {
  readonly data?: { readonly result: Readonly<Record<string, string>> };
}

export async function openShop(urls: readonly string[], token: string): Promise<Shop> {
  /**
   * Sends a command as our client links do: it is retried with the same key, on the other node, until there is a
   * response.
   */
  async function command(query: string, input: object): Promise<Readonly<Record<string, string>>> {
    const session = openOperationSession({ query, variables: { input } }, {});
    for (let at = Math.floor(Math.random() * urls.length); ; at++) {
      const url = urls[at % urls.length] ?? '';
      const answer = await post(url, session.request).then(
        body => session.take(body),
        () => session.fail(),
      );
      if (typeof answer === 'number') await new Promise(resolve => setTimeout(resolve, answer));
      else {
        const accepted = (answer as Answer | undefined)?.data?.result;
        if (accepted === undefined || 'message' in accepted) throw new Error(`rejected: ${JSON.stringify(answer)}`);
        return accepted;
      }
    }
  }

  async function post(url: string, request: object): Promise<Answer> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
    });
    return (await response.json()) as Answer;
  }

  const { customerId } = await command(customer, { name: 'Ada Lovelace', email: 'ada@example.com' });
  const { productId } = await command(product, {
    sku: 'TEA',
    name: 'Tea',
    price: { amount: '12.50', currency: 'EUR' },
  });
  const first = await command(create, { customerId });
  const start = { after: first['position'] ?? '', hot: first['orderId'] ?? '' };

  return {
    start,
    trade() {
      let stopped = false;
      async function caller(): Promise<number> {
        let accepted = 0;
        for (; !stopped; accepted += 3) {
          const { orderId } = await command(create, { customerId });
          await command(add, { orderId, productId });
          await command(add, { orderId: start.hot, productId });
          await new Promise(resolve => setTimeout(resolve, intervalMs * 3));
        }
        return accepted;
      }
      const callers = [caller(), caller()];
      return {
        stop: async () => {
          stopped = true;
          return (await Promise.all(callers)).reduce((sum, one) => sum + one, 0);
        },
      };
    },
  };
}
