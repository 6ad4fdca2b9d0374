// Events are stored for ever: their names never change, and a change of their shape needs a new schema version with
// an upcast. `personal` is undefined if its key was deleted.

export interface CustomerRegistered {
  readonly type: 'CustomerRegistered';
  readonly data: { readonly customerId: string };
  readonly personal: { readonly name: string; readonly email: string } | undefined;
}

export interface CustomerRenamed {
  readonly type: 'CustomerRenamed';
  readonly data: Readonly<Record<string, never>>;
  readonly personal: { readonly name: string } | undefined;
}

/** The customer's personal data can't be read any more: the key that encrypted it was deleted before this event. */
export interface CustomerErased {
  readonly type: 'CustomerErased';
  readonly data: Readonly<Record<string, never>>;
}

/** The events of a customer. */
export type CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerErased;
