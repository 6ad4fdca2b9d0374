import type { Deed, OpenOrder } from './choose-deed.ts';
import * as operations from './operations.ts';

/** The request for an action. */
export interface DeedRequest {
  /** Whether the customer or staff sends it. */
  readonly by: 'customer' | 'staff';
  readonly document: string;
  /** Without the idempotency key. */
  readonly input: object;
}

export function requestOf(deed: Deed): DeedRequest {
  switch (deed.type) {
    case 'create': {
      const items = deed.items.map(({ product, quantity }) => ({ productId: product.id, quantity }));
      return { by: 'customer', document: operations.createOrder, input: { items } };
    }
    case 'add': {
      const { product, quantity } = deed;
      return onOrder(deed, 'customer', operations.addOrderItem, { productId: product.id, quantity });
    }
    case 'change': {
      const { line, quantity } = deed;
      return onOrder(deed, 'customer', operations.changeOrderItemQuantity, { lineId: line.id, quantity });
    }
    case 'remove':
      return onOrder(deed, 'customer', operations.removeOrderItem, { lineId: deed.line.id });
    case 'submit':
      return onOrder(deed, 'customer', operations.submitOrder);
    case 'cancel':
      return onOrder(deed, 'customer', operations.cancelOrder, { reason: deed.reason });
    case 'confirm':
      return onOrder(deed, 'staff', operations.confirmOrder);
    case 'ship':
      return onOrder(deed, 'staff', operations.shipOrder, { carrier: deed.carrier });
    case 'deliver':
      return onOrder(deed, 'staff', operations.deliverOrder);
  }
}

function onOrder(
  { order }: { order: OpenOrder },
  by: DeedRequest['by'],
  document: string,
  input: object = {},
): DeedRequest {
  return { by, document, input: { orderId: order.id, ...input } };
}

/** Describes an action: "Ann added 3 x Tea to K7Q2-9XF4". `order` is the order after the action. */
export function tell(deed: Deed, who: string, order: Pick<OpenOrder, 'number' | 'total'>): string {
  const { number, total } = order;
  switch (deed.type) {
    case 'create':
      return `${who} started ${number} with ${deed.items.map(itemText).join(' and ')}`;
    case 'add':
      return `${who} added ${itemText(deed)} to ${number}`;
    case 'change':
      return `${who} changed ${deed.line.productName} in ${number} from ${deed.line.quantity} to ${deed.quantity}`;
    case 'remove':
      return `${who} removed ${deed.line.productName} from ${number}`;
    case 'submit':
      return `${who} submitted ${number} over ${total.amount} ${total.currency}`;
    case 'cancel':
      return `${who} cancelled ${number}: ${deed.reason}`;
    case 'confirm':
      return `${who} confirmed ${number}`;
    case 'ship':
      return `${who} shipped ${number} with ${deed.carrier}`;
    case 'deliver':
      return `${who} delivered ${number}`;
  }
}

function itemText({ product, quantity }: { product: { name: string }; quantity: number }): string {
  return `${quantity} x ${product.name}`;
}

const attempts: { readonly [Type in Deed['type']]: string } = {
  create: 'start an order',
  add: 'add to',
  change: 'change',
  remove: 'remove anything from',
  submit: 'submit',
  cancel: 'cancel',
  confirm: 'confirm',
  ship: 'ship',
  deliver: 'deliver',
};

/** Describes a rejected action, with the reason. */
export function tellRefused(deed: Deed, who: string, message: string): string {
  const what = deed.type === 'create' ? attempts.create : `${attempts[deed.type]} ${deed.order.number}`;
  return `${who} could not ${what}: ${message}`;
}
