import type { Actor } from '../../commands/decider.ts';
import type { ClaimSettings } from '../../config.ts';
import { parseId } from '../../ids.ts';
import { TokenFault } from './token-fault.ts';

const maxSubjectLength = 200;
/** The role with the most rights first: a bearer who has several acts in this one. */
const roles = ['operator', 'staff', 'customer'] as const;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A claim by its name, or by names with dots between them if it is inside of other claims: `realm_access.roles`. A name
 * may contain dots itself (`https://shop.example.com/role`): the longest name that the token has is used.
 */
export function claimOf(claims: object, path: string): unknown {
  const whole = ownValue(claims, path);
  if (whole !== undefined) return whole;
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const inner = ownValue(claims, path.slice(0, dot));
    if (typeof inner === 'object' && inner !== null) return claimOf(inner, path.slice(dot + 1));
  }
  return undefined;
}

function ownValue(claims: object, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims as Record<string, unknown>)[name] : undefined;
}

/**
 * The caller that the claims of a verified token describe.
 * @param callerIdPrefix prefix of the ids of callers with the role `customer`
 * @throws TokenFault
 */
export function actorOf(claims: object, settings: ClaimSettings, callerIdPrefix: string): Actor {
  const role = roleOf(claimOf(claims, settings.role), settings);
  if (role === undefined) throw roleFault(settings);
  const name = role === 'customer' ? settings.customer : settings.subject;
  const subject = subjectOf(claimOf(claims, name), name);
  if (role !== 'customer') return { role, subject };
  // Issuers whose `sub` is a UUID need no claim for the id of a customer.
  const id = uuid.test(subject) ? `${callerIdPrefix}_${subject}` : subject;
  if (parseId(callerIdPrefix, id) === undefined) {
    throw new TokenFault(`\`${name}\` must be a customer's id, which begins with \`${callerIdPrefix}_\`, or a UUID.`);
  }
  return { role, subject: id };
}

/** @throws TokenFault if none of the values of the claim is allowed */
export function checkAudience(claims: object, { audience }: ClaimSettings, allowed: readonly string[]): void {
  const value = claimOf(claims, audience);
  if (value === undefined) throw new TokenFault(`it has no \`${audience}\`.`);
  if (!listOf(value).some(one => allowed.includes(one as string))) {
    throw new TokenFault(`its audience (\`${audience}\`) is not AUTH_AUDIENCE.`);
  }
}

function roleOf(value: unknown, { roleOfValue, roleOfOthers, takesList }: ClaimSettings): Actor['role'] | undefined {
  if (Array.isArray(value) && !takesList) return undefined;
  const given = listOf(value).map(one =>
    typeof one === 'string' && Object.hasOwn(roleOfValue, one) ? roleOfValue[one] : undefined,
  );
  return roles.find(role => given.includes(role)) ?? roleOfOthers;
}

function roleFault({ role, roleOfValue }: ClaimSettings): TokenFault {
  const values = Object.keys(roleOfValue).map(value => `"${value}"`);
  const last = values.pop();
  return new TokenFault(`\`${role}\` must be ${values.length > 0 ? `${values.join(', ')} or ` : ''}${last}.`);
}

function subjectOf(value: unknown, name: string): string {
  if (value === undefined) throw new TokenFault(`it has no \`${name}\`.`);
  if (
    typeof value !== 'string' ||
    value.length > maxSubjectLength ||
    !/^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u.test(value)
  ) {
    throw new TokenFault(`\`${name}\` must be 1 to ${maxSubjectLength} printable characters.`);
  }
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
