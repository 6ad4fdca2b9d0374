import type { TcpProxy } from './tcp-proxy.ts';

/** One message of Redis pub/sub; one chunk may contain several. */
const pushed = /\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n[^\r]*\r\n/g;

/** Drops a share of what Redis publishes, between Redis and its subscribers. */
export interface Hints {
  /** From now on drops that share of the hints, 0 to 1; the count restarts. */
  lose(part: number): void;
  /** Number of dropped hints since then; after `lose(0)`, the number before it. */
  readonly lost: number;
}

/** @param random 0 to 1 */
export function hintsOf(proxies: readonly TcpProxy[], random: () => number = Math.random): Hints {
  let lost = 0;
  return {
    lose(part) {
      if (part > 0) lost = 0;
      for (const proxy of proxies) {
        proxy.filter(bytes => {
          if (part === 0) return bytes;
          const left = bytes.toString('latin1').replace(pushed, message => {
            if (random() >= part) return message;
            lost++;
            return '';
          });
          return Buffer.from(left, 'latin1');
        });
      }
    },
    get lost() {
      return lost;
    },
  };
}
