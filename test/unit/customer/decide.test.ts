import { describe, expect, it } from 'vitest';
import { customerDecider } from '../../../src/customer/decider.ts';
import type { CustomerEvent } from '../../../src/customer/domain/events.ts';
import { given } from '../../support/given.ts';

const register = { type: 'RegisterCustomer', customerId: 'cus_1', name: 'Ada', email: 'ada@example.com' } as const;
const registered: CustomerEvent = {
  type: 'CustomerRegistered',
  data: { customerId: 'cus_1' },
  personal: { name: 'Ada', email: 'ada@example.com' },
};
const renamed: CustomerEvent = { type: 'CustomerRenamed', data: {}, personal: { name: 'Ada L.' } };
const fold = (events: readonly CustomerEvent[]) => events.reduce(customerDecider.evolve, customerDecider.initialState);

describe('a customer', () => {
  it('is registered once', () => {
    given(customerDecider, []).when(register).then([registered]);
    given(customerDecider, [registered])
      .when(register)
      .thenRejected('CUSTOMER_ALREADY_EXISTS', ['input', 'customerId']);
  });

  it('may be renamed any number of times, also to the same name: an accepted command is always in the log', () => {
    const rename = { type: 'RenameCustomer', name: 'Ada L.' } as const;
    given(customerDecider, [registered]).when(rename).then([renamed]);
    given(customerDecider, [registered, renamed]).when(rename).then([renamed]);
  });

  it('must exist to be renamed', () => {
    expect(() => given(customerDecider, []).when({ type: 'RenameCustomer', name: 'Ada' })).toThrow('RenameCustomer');
  });

  it('stays erased: not renamed, not registered again, and places no order', () => {
    const erased: CustomerEvent = { type: 'CustomerErased', data: {} };
    given(customerDecider, [registered]).when({ type: 'EraseCustomer' }).then([erased]);
    const after = given(customerDecider, [registered, erased]);
    after.when({ type: 'RenameCustomer', name: 'Ada' }).thenRejected('CUSTOMER_NOT_FOUND');
    after.when(register).thenRejected('CUSTOMER_ALREADY_EXISTS');
    expect(fold([registered, erased, renamed])).toEqual({ status: 'Erased', customerId: 'cus_1' });
  });

  it('is visible only to staff and to themself, and their own key seals their data', () => {
    const { isVisibleTo, subject } = customerDecider;
    const customer = fold([registered, renamed]);
    expect(isVisibleTo(customer, { role: 'customer', subject: 'cus_1' })).toBe(true);
    expect(isVisibleTo(customer, { role: 'customer', subject: 'cus_2' })).toBe(false);
    expect(isVisibleTo(customer, { role: 'staff', subject: 'sam' })).toBe(true);
    expect(isVisibleTo(fold([]), { role: 'customer', subject: 'cus_1' })).toBe(false);
    expect(subject(customer)).toBe('cus_1');
    expect(subject(fold([]))).toBeUndefined();
  });

  it('is folded without personal data, also if it can no longer be opened', () => {
    const state = fold([registered, renamed]);
    expect(JSON.stringify(state)).not.toContain('Ada');
    expect(
      fold([
        { ...registered, personal: undefined },
        { ...renamed, personal: undefined },
      ]),
    ).toEqual(state);
  });

  it('starts only with RegisterCustomer, and has no older schema version', () => {
    expect(customerDecider.creates(register)).toBe(true);
    expect(customerDecider.creates({ type: 'RenameCustomer' })).toBe(false);
    expect(() => customerDecider.upcast({ type: 'CustomerRenamed', data: {} }, 0)).toThrow('CustomerRenamed');
  });

  it('does not exist after an erasure of an unknown customer', () => {
    expect(fold([{ type: 'CustomerErased', data: {} }])).toEqual(fold([]));
  });

  it('is registered and renamed by the customer or staff, and erased by operators only', () => {
    expect(customerDecider.rights).toEqual({
      RegisterCustomer: 'authenticated',
      RenameCustomer: 'authenticated',
      EraseCustomer: 'operator',
    });
  });
});
