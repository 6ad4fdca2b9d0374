import { z } from 'zod';

type CallerRole = 'customer' | 'staff' | 'operator';

/** Which claims of a token say who its bearer is, and what their values mean. */
export interface ClaimSettings {
  /** The claim that names a staff member or an operator. */
  readonly subject: string;
  /** The claim with the id of a customer. */
  readonly customer: string;
  readonly role: string;
  /** The roles by the values of that claim. */
  readonly roleOfValue: Readonly<Record<string, CallerRole>>;
  /** Whether the claim may be a list of values. Without a map, a token with two roles is a mistake of its issuer. */
  readonly takesList: boolean;
  /** The role of a bearer whose claim has none of these values. Undefined: the token is rejected. */
  readonly roleOfOthers: 'customer' | undefined;
  /** The claim that is compared with AUTH_AUDIENCE. */
  readonly audience: string;
}

/** In AUTH_ROLE_MAP: every other token. */
const others = '*';

const roleMap = z
  .string()
  .transform(text => text.split(',').map(pair => pair.trim()))
  .refine(pairs => pairs.every(pair => /^[^=\s][^=]*=\s*(?:customer|staff|operator)$/.test(pair)), {
    error:
      'must map values to roles, like shop-admins=operator,shop-staff=staff; the roles are customer, staff, operator',
    abort: true,
  })
  .transform(pairs => pairs.map(pair => pair.split('=').map(part => part.trim()) as [string, CallerRole]))
  .refine(pairs => new Set(pairs.map(([value]) => value)).size === pairs.length, {
    error: 'names a value twice: give each value one role',
  })
  .refine(pairs => pairs.every(([value, role]) => value !== others || role === 'customer'), {
    error: 'must not give * more than customer: any token of the issuer would have the rights of that role',
  });

/** Without AUTH_ROLE_MAP the values are the roles themselves. */
const ownNames: readonly (readonly [string, CallerRole])[] = [
  ['customer', 'customer'],
  ['staff', 'staff'],
  ['operator', 'operator'],
];

/** The settings of the claims, by the name of their environment variable. */
export const claimSettings = {
  AUTH_SUBJECT_CLAIM: z.string().default('sub'),
  AUTH_CUSTOMER_CLAIM: z.string().optional(),
  AUTH_ROLE_CLAIM: z.string().default('role'),
  AUTH_ROLE_MAP: roleMap.optional(),
  AUTH_AUDIENCE_CLAIM: z.string().default('aud'),
};

export function claimsOf(values: z.infer<z.ZodObject<typeof claimSettings>>): ClaimSettings {
  const pairs = values.AUTH_ROLE_MAP ?? ownNames;
  return {
    subject: values.AUTH_SUBJECT_CLAIM,
    customer: values.AUTH_CUSTOMER_CLAIM ?? values.AUTH_SUBJECT_CLAIM,
    role: values.AUTH_ROLE_CLAIM,
    roleOfValue: Object.fromEntries(pairs.filter(([value]) => value !== others)),
    takesList: values.AUTH_ROLE_MAP !== undefined,
    roleOfOthers: pairs.some(([value]) => value === others) ? 'customer' : undefined,
    audience: values.AUTH_AUDIENCE_CLAIM,
  };
}
