import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * Determines the address of the client that a request comes from. If the connection is from one of our own proxies,
 * it is the address in X-Forwarded-For; the header is ignored on any other connection.
 * @returns an IPv4 address, or the /64 prefix of an IPv6 address, since each household has a /64 of its own
 */
export type ClientAddress = (request: IncomingMessage) => string;

/** @param trustedProxies addresses, or subnets like `10.0.0.0/8` */
export function openClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isOurs = (address: string): boolean => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

  return ({ socket, headers }) => {
    const peer = plain(socket.remoteAddress ?? '');
    if (trustedProxies.length === 0 || isIP(peer) === 0 || !isOurs(peer)) return household(peer);
    // Each proxy appends the address of its peer. Entries before the first address that is no proxy of ours can be
    // forged.
    const hops = String(headers['x-forwarded-for'] ?? '').split(',');
    let farthest = peer;
    for (const hop of hops.reverse()) {
      const address = plain(hop.trim());
      if (isIP(address) === 0) break;
      farthest = address;
      if (!isOurs(address)) break;
    }
    return household(farthest);
  };
}

/**
 * Normalises an address: an IPv4-mapped IPv6 address becomes IPv4; the zone, which has a meaning on this machine
 * only, is removed; and so is the port that some gateways add: `203.0.113.7:51234`, `[2001:db8::1]:51234`.
 */
function plain(written: string): string {
  const address = /^\[(.+)\](?::\d+)?$/.exec(written)?.[1] ?? written.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

function household(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map(group => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
