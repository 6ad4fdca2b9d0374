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

  it('is renamed as often as asked, also to the same name: an accepted command is always in the log', () => {
    const rename = { type: 'RenameCustomer', name: 'Ada L.' } as const;
    given(customerDecider, [registered]).when(rename).then([renamed]);
    given(customerDecider, [registered, renamed]).when(rename).then([renamed]);
  });

  it('must be there to be renamed', () => {
    expect(() => given(customerDecider, []).when({ type: 'RenameCustomer', name: 'Ada' })).toThrow('RenameCustomer');
  });

  it('who was erased stays so: not renamed, not registered again, and orders nothing', () => {
    const erased: CustomerEvent = { type: 'CustomerErased', data: {} };
    given(customerDecider, [registered]).when({ type: 'EraseCustomer' }).then([erased]);
    const after = given(customerDecider, [registered, erased]);
    after.when({ type: 'RenameCustomer', name: 'Ada' }).thenRejected('CUSTOMER_NOT_FOUND');
    after.when(register).thenRejected('CUSTOMER_ALREADY_EXISTS');
    expect(fold([registered, erased, renamed])).toEqual({ status: 'Erased', customerId: 'cus_1' });
  });

  it('is known to staff and to themself alone, and their own key seals their data', () => {
    const { isVisibleTo, subject } = customerDecider;
    const customer = fold([registered, renamed]);
    expect(isVisibleTo(customer, { role: 'customer', subject: 'cus_1' })).toBe(true);
    expect(isVisibleTo(customer, { role: 'customer', subject: 'cus_2' })).toBe(false);
    expect(isVisibleTo(customer, { role: 'staff', subject: 'sam' })).toBe(true);
    expect(isVisibleTo(fold([]), { role: 'customer', subject: 'cus_1' })).toBe(false);
    expect(subject(customer)).toBe('cus_1');
    expect(subject(fold([]))).toBeUndefined();
  });

  it('is folded without personal data, and where that can no longer be opened', () => {
    const state = fold([registered, renamed]);
    expect(JSON.stringify(state)).not.toContain('Ada');
    expect(
      fold([
        { ...registered, personal: undefined },
        { ...renamed, personal: undefined },
      ]),
    ).toEqual(state);
  });

  it('starts by RegisterCustomer alone, and has no older schema to come up from', () => {
    expect(customerDecider.creates(register)).toBe(true);
    expect(customerDecider.creates({ type: 'RenameCustomer', name: 'Ada' })).toBe(false);
    expect(() => customerDecider.upcast({ type: 'CustomerRenamed', data: {} }, 0)).toThrow('CustomerRenamed');
  });

  it('stays one that is not there where an erasure meets nobody', () => {
    expect(fold([{ type: 'CustomerErased', data: {} }])).toEqual(fold([]));
  });

  it('is registered and renamed by whoever it is of, or staff, and erased by staff alone', () => {
    expect(customerDecider.rights).toEqual({
      RegisterCustomer: 'authenticated',
      RenameCustomer: 'authenticated',
      EraseCustomer: 'staff',
    });
  });
});
