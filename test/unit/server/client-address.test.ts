import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { openClientAddress } from '../../../src/server/http/client-address.ts';

const from = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test('without trusted proxies it is the address of the connection, regardless of the headers', () => {
  const addressOf = openClientAddress([]);
  expect(addressOf(from('203.0.113.7'))).toBe('203.0.113.7');
  expect(addressOf(from('203.0.113.7', '198.51.100.1'))).toBe('203.0.113.7');
  expect(addressOf(from('::ffff:203.0.113.7', '198.51.100.1'))).toBe('203.0.113.7');
  expect(addressOf(from(undefined))).toBe('');
});

const proxies = ['10.0.0.0/8', '192.0.2.1', 'fd00::/8'];

test.each([
  ['the address that a proxy reports', '10.1.2.3', '203.0.113.7', '203.0.113.7'],
  ['the address through two proxies', '192.0.2.1', '203.0.113.7, 10.9.9.9', '203.0.113.7'],
  ['the header of an untrusted peer is ignored', '198.51.100.9', '203.0.113.7', '198.51.100.9'],
  [
    'addresses before the last untrusted one are ignored',
    '10.1.2.3',
    '192.0.2.99, 10.0.0.1, 203.0.113.7',
    '203.0.113.7',
  ],
  ['an invalid entry ends the list', '10.1.2.3', '203.0.113.7, unknown, 10.0.0.5', '10.0.0.5'],
  ['no header', '10.1.2.3', undefined, '10.1.2.3'],
  ['an address with a port, as some gateways write it', '10.1.2.3', '203.0.113.7:51234', '203.0.113.7'],
  ['an IPv6 address with a port', '10.1.2.3', '[2001:db8:1:2::9]:51234', '2001:db8:1:2'],
  ['a proxy by IPv6', 'fd12::1', '203.0.113.7', '203.0.113.7'],
  ['a proxy by an IPv4 address in IPv6', '::ffff:10.1.2.3', '::ffff:203.0.113.7', '203.0.113.7'],
])('with trusted proxies: %s', (_what, peer, forwarded, address) => {
  expect(openClientAddress(proxies)(from(peer, forwarded))).toBe(address);
});

test.each([
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:0001:2::', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('an IPv6 address counts as its network: %s', (address, household) => {
  expect(openClientAddress([])(from(address))).toBe(household);
});
