import { accept, type Decision } from '../../commands/decider.ts';
import type { ProductCommand } from './commands.ts';
import type { ProductEvent } from './events.ts';
import type { Product } from './product.ts';
import { refuse, type ProductRejection } from './rejection.ts';

/** Decides which events a command causes, or why it is rejected. */
export function decide(command: ProductCommand, product: Product): Decision<ProductEvent, ProductRejection> {
  switch (command.type) {
    case 'AddProduct': {
      if (product.status !== 'None' || command.isAddedBefore) return refuse('PRODUCT_ALREADY_EXISTS');
      const { sku, name, price, currency } = command;
      return accept({ type: 'ProductAdded', data: { sku, name, price, currency, available: true } });
    }
    case 'ChangeProduct': {
      if (product.status === 'None') throw new Error('ChangeProduct needs a product, and there is none');
      const { name, available } = command;
      const price = command.price === undefined ? {} : { price: command.price, currency: command.currency };
      return accept({ type: 'ProductChanged', data: { name, available, ...price } });
    }
  }
}
