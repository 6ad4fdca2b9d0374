import { codedError } from './coded-error.ts';
import { type Accepted, type Command, textIssues } from './command.ts';
import { type Context, decimalsOf } from './nodes.ts';
import type { Issue, Refusal } from './refusals.ts';
import type { CustomerRow, ProductRow } from './rows.ts';

interface Price {
  readonly amount: string;
  readonly currency: string;
}

interface Registration {
  readonly customerId?: string | null;
  readonly name: string;
  readonly email: string;
}

interface NewProduct {
  readonly productId?: string | null;
  readonly sku: string;
  readonly name: string;
  readonly price: Price;
}

interface ProductChanges {
  readonly name?: string | null;
  readonly price?: Price | null;
  readonly available?: boolean | null;
}

/** The commands of customers and products. */
export const otherCommands: { readonly [Name in string]?: Command } = {
  registerCustomer: {
    type: 'Customer',
    creates: true,
    idOf: ({ customerId }: Registration, { viewer }) => (viewer.role === 'CUSTOMER' ? viewer.subject : customerId),
    issuesOf: ({ name, email }: Registration) => [...textIssues('name', name, 200), ...emailIssues(email)],
    decide: register,
  },
  renameCustomer: {
    type: 'Customer',
    issuesOf: ({ name }: { name: string }) => textIssues('name', name, 200),
    decide: ({ name }: { name: string }, _context, customer: CustomerRow) => ({
      draft: { ...customer, name, updatedAt: new Date().toISOString() },
    }),
  },
  addProduct: {
    type: 'Product',
    isForStaff: true,
    creates: true,
    // One SKU is one product.
    idOf: ({ productId, sku }: NewProduct, { shop }) =>
      productId ?? shop.all('Product').find(product => sameSku(product.sku, sku))?.id,
    issuesOf: ({ sku, name, price }: NewProduct) => [
      ...textIssues('sku', sku, 64),
      ...textIssues('name', name, 200),
      ...priceIssues(price),
    ],
    decide: addProduct,
  },
  changeProduct: {
    type: 'Product',
    isForStaff: true,
    issuesOf: ({ name, price, available }: ProductChanges) =>
      name == null && price == null && available == null
        ? [{ path: ['input'], message: 'The input changes nothing: set name, price or available.' }]
        : [...textIssues('name', name, 200), ...(price ? priceIssues(price) : [])],
    decide: ({ name, price, available }: ProductChanges, _context, product: ProductRow) => ({
      draft: {
        ...product,
        name: name ?? product.name,
        available: available ?? product.available,
        ...(price && priceFields(price)),
        updatedAt: new Date().toISOString(),
      },
    }),
  },
};

function register(
  given: Registration,
  { shop, viewer }: Context,
  existing: CustomerRow | undefined,
): Accepted | Refusal {
  const { customerId, name, email } = given;
  if (viewer.role === 'CUSTOMER' && customerId != null && customerId !== viewer.subject) {
    throw codedError('FORBIDDEN', 'Customers can register only themselves.');
  }
  if (existing) return { reason: 'CUSTOMER_ALREADY_EXISTS' };
  const id = viewer.role === 'CUSTOMER' ? viewer.subject : customerId;
  return { draft: shop.newCustomer({ ...(id != null && { id }), name, email }) };
}

function addProduct(given: NewProduct, { shop }: Context, existing: ProductRow | undefined): Accepted | Refusal {
  if (existing) return { reason: 'PRODUCT_ALREADY_EXISTS' };
  const { productId, sku, name, price } = given;
  return {
    draft: shop.newProduct({
      ...(productId != null && { id: productId }),
      sku: sku.trim(),
      name,
      ...priceFields(price),
    }),
  };
}

function sameSku(one: string, other: string): boolean {
  return one.trim().toUpperCase() === other.trim().toUpperCase();
}

function emailIssues(email: string): Issue[] {
  const issues = textIssues('email', email, 254);
  if (issues.length > 0 || /^[^\s@]+@[^\s@]+$/.test(email)) return issues;
  return [{ path: ['input', 'email'], message: 'email has to be an address like name@example.com.' }];
}

function priceIssues({ amount, currency }: Price): Issue[] {
  const { price } = priceFields({ amount, currency });
  if (price >= 0 && Number.isSafeInteger(price)) return [];
  const message = `The amount has to be zero or more, with no more decimals than ${currency} has, and at most 2^53 - 1 of its smallest unit.`;
  return [{ path: ['input', 'price', 'amount'], message }];
}

/** The price is NaN if the amount has more decimals than its currency. */
function priceFields({ amount, currency }: Price) {
  const decimals = decimalsOf(currency);
  const [whole = '', fraction = ''] = amount.split('.');
  const isExact = /^0*$/.test(fraction.slice(decimals));
  return { price: isExact ? Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0')) : NaN, currency };
}
