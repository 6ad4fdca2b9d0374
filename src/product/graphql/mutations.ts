import { builder } from '../../graphql/builder.ts';
import { commandField } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { currencyIssues, idIssues, textIssues } from '../../graphql/text-input.ts';
import { parseAmount } from '../../money.ts';
import { whenReady } from '../../async/maybe-promise.ts';
import { productDecider } from '../decider.ts';
import { longestName, longestSku } from '../domain/limits.ts';
import type { ProductCommand } from '../domain/commands.ts';
import { formerProductIdOf, productIdOf, shownSku } from '../product-id.ts';
import { Product } from './types.ts';

const idempotencyKeyDescription = 'The same key makes a repeat of the same command.';

const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount in one currency.',
  fields: t => ({
    amount: t.field({ type: 'Decimal', required: true, description: 'Not finer than the currency is.' }),
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'What the amount is in.' }),
  }),
});

const AddProductInput = builder.inputType('AddProductInput', {
  description: 'A new entry of the catalogue.',
  fields: t => ({
    productId: t.id({ description: 'Left out, it comes of the SKU: so one SKU is one product.' }),
    sku: t.string({
      required: true,
      description: `At most ${longestSku} characters. Capitals, accents typed in two ways and spaces around it make no other SKU.`,
    }),
    name: t.string({ required: true, description: `At most ${longestName} characters.` }),
    price: t.field({ type: MoneyInput, required: true, description: 'Of one unit.' }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ChangeProductInput = builder.inputType('ChangeProductInput', {
  description: 'What of a product is to change: at least one thing.',
  fields: t => ({
    productId: t.id({ required: true, description: '`prd_<uuid>`.' }),
    name: t.string({ description: `At most ${longestName} characters. Orders keep the name they were made with.` }),
    price: t.field({ type: MoneyInput, description: 'Of one unit. Orders keep the price they were made with.' }),
    available: t.boolean({ description: 'Whether it can be ordered.' }),
    expectedVersion: t.int({ description: 'Refuse where the product is at another version.' }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ProductCommandResult = commandResult('product', Product, {
  payload: 'A product command was accepted: its events are stored.',
  result: 'What became of a product command.',
});

commandField({
  name: 'addProduct',
  description: 'Adds a product to the catalogue (staff).',
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
    return {
      streamId,
      command,
      enrich: (_command, read) =>
        whenReady(read(productDecider, formerId), ({ status }) => ({ ...command, isAddedBefore: status !== 'None' })),
    };
  },
});

commandField({
  name: 'changeProduct',
  description: 'Changes name, price or availability of a product (staff).',
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
      ...(nothing ? [{ path: ['input'], message: 'Nothing is to change: give a name, a price or availability.' }] : []),
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
  const message = `The amount has to be zero or more, no finer than ${currency} is, and at most 2^53 - 1 of its smallest unit.`;
  return [{ path: ['input', 'price', 'amount'], message }];
}
