import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maximumLines, maximumQuantity, maximumTotal } from '../../../src/order/domain/limits.ts';
import type { OrderEvent } from '../../../src/order/domain/events.ts';
import { evolve, noOrder, orderStatuses, type Order } from '../../../src/order/domain/order.ts';
import { orderDecider } from '../../../src/order/decider.ts';
import { created, fold, histories, mugsAdded, pensAdded, submitted } from './orders.ts';
import { lives, type Step } from './random-orders.ts';

const mugs = { lineId: 'lin_mug', productId: 'prd_mug', quantity: 2, unitPrice: 1250 };
const pens = { lineId: 'lin_pen', productId: 'prd_pen', quantity: 10, unitPrice: 199 };
const draft = { status: 'DRAFT', customerId: 'cus_1', currency: 'EUR' };

describe('evolve', () => {
  it('starts a draft without a currency; the first item sets it', () => {
    expect(fold([created])).toEqual({ ...draft, currency: undefined, lines: [] });
    expect(fold([created, mugsAdded, pensAdded])).toEqual({ ...draft, lines: [mugs, pens] });
  });

  it('keeps the currency given at creation', () => {
    const inYen = {
      type: 'OrderCreated',
      data: { customerId: 'cus_1', currency: 'JPY' },
      personal: undefined,
    } as const;
    expect(fold([inYen])).toMatchObject({ currency: 'JPY' });
  });

  it('changes and removes only the line that the event names, and keeps the order of the lines', () => {
    const changed = { type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 5 } } as const;
    expect(fold([...histories.DRAFT, changed])).toEqual({ ...draft, lines: [{ ...mugs, quantity: 5 }, pens] });
    const removed = { type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } } as const;
    expect(fold([...histories.DRAFT, removed])).toEqual({ ...draft, lines: [pens] });
  });

  it.each(orderStatuses.filter(status => status !== 'DRAFT'))('reaches %s and keeps its customer', status => {
    expect(fold(histories[status])).toEqual({ status, customerId: 'cus_1' });
  });

  it('folds events whose personal data can no longer be opened', () => {
    const erase = (event: OrderEvent) => ({ ...event, personal: undefined }) as OrderEvent;
    for (const history of Object.values(histories)) expect(fold(history.map(erase))).toEqual(fold(history));
  });

  it('keeps no personal data in the state', () => {
    for (const history of Object.values(histories)) {
      expect(JSON.stringify(fold(history))).not.toMatch(/PO 7|JD014|changed my mind/);
    }
  });

  it('does not change the earlier state: cached states are shared', () => {
    const before = fold(histories.DRAFT);
    const copy = structuredClone(before);
    evolve(before, { type: 'OrderItemQuantityChanged', data: { lineId: 'lin_mug', quantity: 5 } });
    evolve(before, { type: 'OrderItemRemoved', data: { lineId: 'lin_mug' } });
    evolve(before, submitted);
    expect(before).toEqual(copy);
  });

  it('throws on an impossible history', () => {
    const impossible = (type: string, status: string) =>
      new Error(`${type} can't follow in a stream whose order is ${status}: the log or evolve is wrong`);
    expect(() => evolve(noOrder, mugsAdded)).toThrow(impossible('OrderItemAdded', 'None'));
    expect(() => evolve(noOrder, submitted)).toThrow(impossible('OrderSubmitted', 'None'));
    expect(() => evolve(fold(histories.SUBMITTED), mugsAdded)).toThrow(impossible('OrderItemAdded', 'SUBMITTED'));
  });

  it('names the event of an unknown schema version', () => {
    expect(() => orderDecider.upcast({ type: 'OrderCreated', data: {} }, 0)).toThrow(
      'OrderCreated has no upcast from schema version 0',
    );
  });
});

describe('every accepted command', () => {
  it('stores at least one event', () => {
    eachStep(({ events }) => expect(events.length).toBeGreaterThan(0));
  });

  it('leaves an order within every limit, with one line for each product and price', () => {
    eachStep(({ after }) => {
      if (after.status !== 'DRAFT') return;
      expect(after.lines.length).toBeLessThanOrEqual(maximumLines);
      expect(new Set(after.lines.map(line => line.lineId)).size).toBe(after.lines.length);
      expect(new Set(after.lines.map(line => `${line.productId} ${line.unitPrice}`)).size).toBe(after.lines.length);
      for (const { quantity } of after.lines) {
        expect(Number.isInteger(quantity) && quantity >= 1 && quantity <= maximumQuantity).toBe(true);
      }
      expect(exactTotal(after.lines)).toBeLessThanOrEqual(BigInt(maximumTotal));
      if (after.lines.length > 0) expect(after.currency).toBeDefined();
    });
  });

  it('never changes the customer, nor the currency once it is set', () => {
    eachStep(({ before, after }) => {
      if (before.status !== 'None') expect(after).toHaveProperty('customerId', before.customerId);
      if (before.status === 'DRAFT' && before.currency !== undefined && after.status === 'DRAFT') {
        expect(after.currency).toBe(before.currency);
      }
    });
  });

  it('keeps one currency in an order', () => {
    fc.assert(
      fc.property(lives, steps => {
        const added = steps.flatMap(step => step.events).filter(event => event.type === 'OrderItemAdded');
        expect(new Set(added.map(event => event.data.currency)).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('follows the life cycle', () => {
    const next: Record<Order['status'], readonly Order['status'][]> = {
      None: ['DRAFT'],
      DRAFT: ['DRAFT', 'SUBMITTED', 'CANCELLED'],
      SUBMITTED: ['CONFIRMED', 'CANCELLED'],
      CONFIRMED: ['SHIPPED', 'CANCELLED'],
      SHIPPED: ['DELIVERED'],
      DELIVERED: [],
      CANCELLED: [],
    };
    eachStep(({ before, after }) => expect(next[before.status]).toContain(after.status));
  });

  it('adds exactly the requested units, to one line', () => {
    eachStep(({ command, before, after }) => {
      if (command.type !== 'AddOrderItem' || before.status !== 'DRAFT' || after.status !== 'DRAFT') return;
      const units = (order: typeof before) => order.lines.reduce((sum, line) => sum + line.quantity, 0);
      expect(units(after) - units(before)).toBe(command.quantity);
      const price = command.product.offer?.price ?? Number.NaN;
      expect(exactTotal(after.lines) - exactTotal(before.lines)).toBe(BigInt(command.quantity) * BigInt(price));
    });
  });

  it('submits the exact sum of the lines', () => {
    eachStep(({ before, events }) => {
      const [event] = events;
      if (event?.type !== 'OrderSubmitted' || before.status !== 'DRAFT') return;
      expect(BigInt(event.data.total)).toBe(exactTotal(before.lines));
      expect(event.data.itemCount).toBe(before.lines.reduce((sum, line) => sum + line.quantity, 0));
      expect(event.data.currency).toBe(before.currency);
    });
  });
});

function eachStep(check: (step: Step) => void): void {
  fc.assert(
    fc.property(lives, steps => steps.forEach(check)),
    { numRuns: 300 },
  );
}

function exactTotal(lines: readonly { quantity: number; unitPrice: number }[]): bigint {
  return lines.reduce((total, line) => total + BigInt(line.quantity) * BigInt(line.unitPrice), 0n);
}
