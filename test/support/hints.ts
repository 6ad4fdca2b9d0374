import type { TcpProxy } from './tcp-proxy.ts';

/** One message of Redis pub/sub; one chunk may contain several. */
const pushed = /\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n[^\r]*\r\n/g;

/** What Redis publishes, on its way to those who listen. */
export interface Hints {
  /** Loses that part of them from now on, 0 to 1; counting begins anew. */
  lose(part: number): void;
  /** Lost since; after `lose(0)`, what was lost before it. */
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
