import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

/** What differs between the API of the last release and that of this work tree. */
export interface SchemaChanges {
  /** Clients of the last release would fail. */
  readonly breaking: readonly string[];
  /** Clients may have to be prepared: a new member of a union, a new value of an enum. */
  readonly dangerous: readonly string[];
}

/** @param before schema.graphql of the last release @param now that of this work tree */
export function schemaChanges(before: string, now: string): SchemaChanges {
  const [old, present] = [buildSchema(before), buildSchema(now)];
  return {
    breaking: findBreakingChanges(old, present).map(({ description }) => description),
    dangerous: findDangerousChanges(old, present).map(({ description }) => description),
  };
}

/**
 * Whether the next release may break clients, by docs/versions.md.
 * @param released version of the last release, e.g. `1.4.0` @param next version in package.json
 */
export function mayBreak(released: string, next: string): boolean {
  const [oldMajor = 0, oldMinor = 0] = released.split('.').map(Number);
  const [major = 0, minor = 0] = next.split('.').map(Number);
  return major > oldMajor || (major === 0 && oldMajor === 0 && minor > oldMinor);
}
