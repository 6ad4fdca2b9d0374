import type { DependentCommand, ReadState } from '../../commands/dependent-command.ts';
import { customerDecider } from '../../customer/decider.ts';
import { productDecider } from '../../product/decider.ts';
import type { AddOrderItem, CreateOrder, NewItem, ProductOnOffer } from '../domain/commands.ts';

/** An item as a client sends it: without a price. */
export interface RequestedItem extends Pick<NewItem, 'lineId' | 'quantity'> {
  readonly productId: string;
}

export interface RequestedOrder extends Pick<CreateOrder, 'orderId' | 'currency' | 'reference'> {
  readonly customerId: string;
  readonly items: readonly RequestedItem[];
}

/** Creates an order with the current prices of the catalogue, if the customer is registered. */
export function createOrderAtCurrentPrices(requested: RequestedOrder): DependentCommand<CreateOrder> {
  const { orderId, customerId, currency, reference, items } = requested;
  return {
    type: 'CreateOrder',
    input: requested,
    complete: async read => {
      const { status } = await read(customerDecider, customerId);
      const customer = { customerId, registered: status === 'Registered' };
      const priced = await Promise.all(items.map(item => itemAtCurrentPrice(item, read)));
      return { type: 'CreateOrder', orderId, customer, currency, reference, items: priced };
    },
  };
}

/** Adds an item to an order, at the price that its product has in the catalogue now. */
export function addOrderItemAtCurrentPrice(requested: RequestedItem): DependentCommand<AddOrderItem> {
  return {
    type: 'AddOrderItem',
    input: requested,
    complete: async read => ({ type: 'AddOrderItem', ...(await itemAtCurrentPrice(requested, read)) }),
  };
}

async function itemAtCurrentPrice({ lineId, quantity, productId }: RequestedItem, read: ReadState): Promise<NewItem> {
  return { lineId, quantity, product: await currentOffer(productId, read) };
}

async function currentOffer(productId: string, read: ReadState): Promise<ProductOnOffer> {
  const product = await read(productDecider, productId);
  return { productId, offer: product.status === 'None' ? undefined : product };
}
