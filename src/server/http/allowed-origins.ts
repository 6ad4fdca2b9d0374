import type { Config } from '../../config.ts';

/**
 * Whether pages of that origin may use this server: the configured origins, and in development any origin on this
 * machine.
 */
export type AllowsOrigin = (origin: string) => boolean;

export function allowedOrigins({ corsOrigins, production }: Pick<Config, 'corsOrigins' | 'production'>): AllowsOrigin {
  const listed = new Set(corsOrigins);
  return origin => listed.has(origin) || (!production && ofThisMachine.test(origin));
}

const ofThisMachine = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
