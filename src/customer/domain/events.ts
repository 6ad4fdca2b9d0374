// Stored for ever: names never change, and a change of a shape needs a new schema version with an upcast. `personal`
// is undefined after its key was emptied.

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

/** From here on the customer's personal data cannot be read: the key that sealed it was emptied before. */
export interface CustomerErased {
  readonly type: 'CustomerErased';
  readonly data: Readonly<Record<string, never>>;
}

/** The events of a customer. */
export type CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerErased;
