/** A person who sends requests. */
export interface Person {
  readonly name: string;
  /** The customer id; empty if unknown. */
  readonly id: string;
}

/** The people who act in a simulation. */
export interface People<One extends Person = Person> {
  readonly staff: One;
  readonly customers: readonly One[];
}

/** Sends operations of people to a server. */
export interface ShopApi<One extends Person = Person> {
  /**
   * Sends an operation and returns its data. It is repeated while the server is unavailable or its outcome is
   * unknown.
   * @param variables for a command, with its idempotency key
   */
  ask<Data>(person: One, document: string, variables?: object): Promise<Data>;
}
