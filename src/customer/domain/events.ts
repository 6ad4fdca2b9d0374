// Stored for ever: a name here never changes, and a change of a shape needs a new schema version with an upcast.
// `personal` is undefined where its key was thrown away.

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

/** From here on nothing personal of theirs can be read: the key that sealed it was emptied before. */
export interface CustomerErased {
  readonly type: 'CustomerErased';
  readonly data: Readonly<Record<string, never>>;
}

/** What a customer's stream remembers. */
export type CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerErased;
