import { jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { developmentToken } from '../../../src/client/development.ts';
import { developmentSecret } from '../../../src/config.ts';

test.each([
  ['staff', 'staff'],
  ['cus_019a', 'customer'],
  ['operator', 'operator'],
])('a development token of %s is signed with the key of a server without a configuration', async (viewer, role) => {
  const key = new TextEncoder().encode(developmentSecret);
  const { payload } = await jwtVerify(await developmentToken(viewer), key, { algorithms: ['HS256'] });
  expect(payload).toMatchObject({ sub: viewer, role });
  expect(payload.exp! - Date.now() / 1000).toBeGreaterThan(500);
});
