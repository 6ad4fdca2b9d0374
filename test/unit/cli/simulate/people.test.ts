import { describe, expect, it } from 'vitest';
import type { Bearer } from '../../../../src/cli/simulate/api.ts';
import { peopleOf, type Viewer } from '../../../../src/cli/simulate/people.ts';
import { loadConfig } from '../../../../src/config.ts';
import { sampleCustomerId } from '../../../../src/development/sample-data.ts';
import { deriveId } from '../../../../src/ids.ts';
import { openIdentity } from '../../../../src/server/authentication/identity.ts';
import { customers } from '../../../../src/simulation/customers.ts';
import type { People } from '../../../../src/simulation/people.ts';
import { customerToken, staffToken, testSecret } from '../../../support/tokens.ts';

/** The viewer that a server with that environment reports for a token. */
function server(env: NodeJS.ProcessEnv): (person: Bearer) => Promise<Viewer> {
  const identify = openIdentity(loadConfig(env).auth, 'cus');
  return async person => {
    const identity = await identify(`Bearer ${await person.token()}`);
    const { role, subject } = identity!.actor;
    return { subject, role: role.toUpperCase() };
  };
}

async function known(people: People<Bearer>, whoIs: (person: Bearer) => Promise<Viewer>) {
  return {
    staff: await whoIs(people.staff),
    customers: await Promise.all(people.customers.map(whoIs)),
  };
}

describe('generated people', () => {
  it.each<[string, NodeJS.ProcessEnv]>([
    ['the development key', {}],
    ['a secret', { AUTH_JWT_SECRET: testSecret }],
    ['a secret, an issuer and an audience', { AUTH_JWT_SECRET: testSecret, AUTH_ISSUER: 'us', AUTH_AUDIENCE: 'shop' }],
  ])('are accepted as themselves by a server with %s', async (_, env) => {
    const whoIs = server(env);
    const people = await peopleOf(env, whoIs);
    const { staff, customers } = await known(people, whoIs);
    expect(staff.role).toBe('STAFF');
    expect(customers.length).toBeGreaterThan(2);
    expect(customers).toEqual(people.customers.map(({ id }) => ({ subject: id, role: 'CUSTOMER' })));
  });

  it('are the same ones in every version: the first sample customer, and others with ids derived from their names', () => {
    const namespace = '9d0b7c1e-5f36-4a58-b2c4-71e8a6d3f095';
    const [ada, ...others] = customers;
    expect(ada.id).toBe(sampleCustomerId);
    expect(others.map(({ id }) => id)).toEqual(others.map(({ name }) => deriveId('cus', namespace, name)));
  });
});

describe('given tokens', () => {
  const env = { AUTH_JWT_SECRET: testSecret };
  const customerId = 'cus_6f1b2c3d-0000-4000-8000-000000000001';

  it('are used unchanged, for any subject', async () => {
    const STAFF_TOKEN = await staffToken();
    const CUSTOMER_TOKEN = await customerToken(customerId);
    const { staff, customers } = await peopleOf({ STAFF_TOKEN, CUSTOMER_TOKEN }, server(env));
    expect(await staff.token()).toBe(STAFF_TOKEN);
    expect(staff.name).toBe('anna');
    expect(await Promise.all(customers.map(({ token }) => token()))).toEqual([CUSTOMER_TOKEN]);
    expect(customers.map(({ id }) => id)).toEqual([customerId]);
  });

  it('must both be set, each with its role', async () => {
    const staff = await staffToken();
    const customer = await customerToken(customerId);
    const people = (given: NodeJS.ProcessEnv) => peopleOf(given, server(env));
    await expect(people({ STAFF_TOKEN: staff })).rejects.toThrow(/^CUSTOMER_TOKEN: set it too/);
    await expect(people({ CUSTOMER_TOKEN: customer })).rejects.toThrow(/^STAFF_TOKEN: set it too/);
    await expect(people({ STAFF_TOKEN: customer, CUSTOMER_TOKEN: customer })).rejects.toThrow(
      /^STAFF_TOKEN: it has role CUSTOMER/,
    );
    await expect(people({ STAFF_TOKEN: staff, CUSTOMER_TOKEN: staff })).rejects.toThrow(
      /^CUSTOMER_TOKEN: it has role STAFF/,
    );
  });
});
