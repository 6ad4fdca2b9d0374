import { type Config, loadConfig } from '../../src/config.ts';
import type { Environment } from './app.ts';
import { testSecret } from './tokens.ts';

/** The settings of authentication that the program makes of an environment; default: tokens of `testSecret`. */
export function authSettings(env: Environment = {}): Config['auth'] {
  return loadConfig({ AUTH_JWT_SECRET: testSecret, ...env }).auth;
}

/** The same with the keys at a URL. */
export function keySetSettings(url: string, env: Environment = {}): Config['auth'] {
  return authSettings({ AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: url, ...env });
}
