import type { ReadState } from '../../commands/dependent-command.ts';
import { builder } from '../../graphql/builder.ts';
import { commandField, idempotencyKeyDescription } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { idIssues, textIssues } from '../../graphql/text-input.ts';
import { parseAmount } from '../../money.ts';
import { productDecider } from '../decider.ts';
import { longestName, longestSku } from '../domain/limits.ts';
import type { ProductCommand } from '../domain/commands.ts';
import { formerProductIdOf, productIdOf, shownSku } from '../product-id.ts';
import { currencyIssues } from './currency-issues.ts';
import { Product } from './types.ts';

const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount of money in one currency.',
  fields: t => ({
    amount: t.field({
      type: 'Decimal',
      required: true,
      description: "The amount in the currency's main unit. It can't have more decimals than the currency has.",
    }),
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'The currency of the amount.' }),
  }),
});

const AddProductInput = builder.inputType('AddProductInput', {
  description: 'The data of a new product.',
  fields: t => ({
    productId: t.id({
      description:
        'The id of the product, `prd_<uuid>`. By default it is derived from the SKU, so that one SKU is one product.',
    }),
    sku: t.string({
      required: true,
      description: `The SKU of the product, at most ${longestSku} characters. SKUs that differ only in case, in the encoding of accents, in invisible characters or in surrounding spaces are the same SKU.`,
    }),
    name: t.string({ required: true, description: `The name of the product, at most ${longestName} characters.` }),
    price: t.field({ type: MoneyInput, required: true, description: 'The price of one unit.' }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ChangeProductInput = builder.inputType('ChangeProductInput', {
  description: 'The changes to a product. At least one of name, price and available is required.',
  fields: t => ({
    productId: t.id({ required: true, description: 'The id of the product, `prd_<uuid>`.' }),
    name: t.string({
      description: `The new name, at most ${longestName} characters. Existing order lines keep the old name.`,
    }),
    price: t.field({
      type: MoneyInput,
      description: 'The new price of one unit. Existing order lines keep the old price.',
    }),
    available: t.boolean({ description: 'Whether the product can be ordered.' }),
    expectedVersion: t.int({
      description: 'If it is set and the product is at another version, the command fails with a VersionConflictError.',
    }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ProductCommandResult = commandResult('product', Product, {
  payload: 'The result of a product command that was accepted. Its events are stored.',
  result: 'The result of a product command.',
});

commandField({
  name: 'addProduct',
  description: 'Adds a product to the catalogue (staff only).',
  rule: 'staff',
  noun: 'product',
  input: AddProductInput,
  result: ProductCommandResult,
  decider: productDecider,
  toCommand({ productId, sku, name, price }) {
    const issues = [
      ...idIssues(['input', 'productId'], 'prd', productId),
      ...textIssues(['input', 'sku'], sku, longestSku),
      ...textIssues(['input', 'name'], name, longestName),
      ...amountIssues(price),
    ];
    const minorUnits = parseAmount(price.amount, price.currency);
    if (issues.length > 0 || minorUnits === undefined) return { issues };
    const streamId = productId ?? productIdOf(sku);
    const { currency } = price;
    const shown = { sku: shownSku(sku), name, price: minorUnits, currency };
    const command: ProductCommand = { type: 'AddProduct', productId: streamId, ...shown };
    const formerId = productId == null ? formerProductIdOf(sku) : undefined;
    if (formerId === undefined) return { streamId, command };
    const complete = async (read: ReadState): Promise<ProductCommand> => {
      const { status } = await read(productDecider, formerId);
      return { ...command, isAddedBefore: status !== 'None' };
    };
    return { streamId, command: { type: 'AddProduct', input: command, complete } };
  },
});

commandField({
  name: 'changeProduct',
  description: 'Changes the name, price or availability of a product (staff only).',
  rule: 'staff',
  noun: 'product',
  input: ChangeProductInput,
  result: ProductCommandResult,
  decider: productDecider,
  toCommand({ productId, name, price, available }) {
    const nothing = name == null && price == null && available == null;
    const issues = [
      ...idIssues(['input', 'productId'], 'prd', productId),
      ...textIssues(['input', 'name'], name, longestName),
      ...(price ? amountIssues(price) : []),
      ...(nothing ? [{ path: ['input'], message: 'The input changes nothing: set name, price or available.' }] : []),
    ];
    if (issues.length > 0) return { issues };
    const minorUnits = price ? parseAmount(price.amount, price.currency) : undefined;
    const newPrice = price && minorUnits !== undefined ? { price: minorUnits, currency: price.currency } : {};
    const command = { type: 'ChangeProduct', name: name ?? undefined, available: available ?? undefined } as const;
    return { streamId: productId, command: { ...command, ...newPrice } };
  },
});

function amountIssues({ amount, currency }: { amount: string; currency: string }): InputIssue[] {
  const issues = currencyIssues(['input', 'price', 'currency'], currency);
  if (issues.length > 0) return issues;
  if (parseAmount(amount, currency) !== undefined) return [];
  const message = `The amount has to be zero or more, with no more decimals than ${currency} has, and at most 2^53 - 1 of its smallest unit.`;
  return [{ path: ['input', 'price', 'amount'], message }];
}
