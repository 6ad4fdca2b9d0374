import { isIP } from 'node:net';
import { z } from 'zod';
import { claimSettings } from './claim-settings.ts';
import { databaseSettings } from './database-settings.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { redisSettings } from './redis-settings.ts';
import { secretNames } from './secret-files.ts';

/** Signs and verifies tokens if no key is configured. It is published, so it protects nothing outside this machine. */
export const developmentSecret = 'orderstream development key, known to everybody';

export const minSecretBytes = 32; // the output size of HMAC-SHA-256; a shorter secret can be guessed
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const lines = z.string().transform(text => text.split(/\s*[\r\n]\s*/));

const secret = z
  .string()
  .refine(text => Buffer.byteLength(text) >= minSecretBytes, { error: `must have ${minSecretBytes} bytes or more` })
  .refine(text => text !== developmentSecret, { error: 'is the published development key: set a secret of your own' });

const list = z.string().transform(text => text.split(',').map(part => part.trim()));

const origin = z.string().refine(text => URL.canParse(text) && new URL(text).origin === text, {
  error: 'must be origins like https://shop.example.com, separated by commas',
});

function limit(key: keyof Limits) {
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, { error: 'must be a whole number above 0' })
    .transform(Number)
    .default(defaultLimits[key]);
}

const onOrOff = z.enum(['on', 'off'], { error: 'must be on or off' }).optional();

/** All settings, by the name of their environment variable. */
export const settings = z.object({
  NODE_ENV: z
    .enum(['production', 'development', 'test'], { error: 'must be production, development or test' })
    .default('development'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: 'must be a port, 0 to 65535', abort: true })
    .transform(Number)
    .refine(port => port <= 65_535, { error: 'must be a port, 0 to 65535' })
    .default(4000),
  HOST: z.string().default('127.0.0.1'),
  DRAIN_DELAY: z
    .string()
    .regex(/^\d{1,3}$/, { error: 'must be a whole number of seconds, 0 to 600', abort: true })
    .transform(Number)
    .refine(seconds => seconds <= 600, { error: 'must be a whole number of seconds, 0 to 600' })
    .optional(),
  ...databaseSettings,
  ...redisSettings,
  DATA_DIR: z.string().default('.data'),
  ERASURE_LIST: z.string().optional(),
  ROLES: list
    .pipe(z.array(z.enum(['api', 'projector'], { error: 'must be api, projector or api,projector' })))
    .transform(roles => [...new Set(roles)])
    .default(['api', 'projector']),
  AUTH_JWT_SECRET: lines.pipe(z.array(secret)).optional(),
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL like https://login.example.com/.well-known/jwks.json' })
    .optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: list
    .pipe(z.array(z.string().min(1, { error: 'must be audiences, separated by commas, and none of them empty' })))
    .default([]),
  ...claimSettings,
  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  TRUSTED_PROXIES: list
    .pipe(
      z.array(
        z
          .string()
          .refine(isAddressOrSubnet, { error: 'must be addresses or subnets like 10.0.0.0/8, separated by commas' }),
      ),
    )
    .default([]),
  CONSOLE: onOrOff,
  CONSOLE_OIDC_CLIENT_ID: z.string().optional(),
  CONSOLE_OIDC_SCOPE: z.string().default('openid'),
  GRAPHIQL: onOrOff,
  INTROSPECTION: onOrOff,
  TRUSTED_DOCUMENTS: list.default([]),
  TRUSTED_DOCUMENTS_ONLY: onOrOff,
  PLAINTEXT_HOSTS: list.default([]),
  LIMIT_BODY_BYTES: limit('bodyBytes'),
  LIMIT_TOKENS: limit('tokens'),
  LIMIT_DEPTH: limit('depth'),
  LIMIT_ALIASES: limit('aliases'),
  LIMIT_COST: limit('cost'),
  LIMIT_CUSTOMER_RATE: limit('customerRate'),
  LIMIT_STAFF_RATE: limit('staffRate'),
  LIMIT_ADDRESS_RATE: limit('addressRate'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL like http://collector:4318' })
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
});

/** The names of all settings, including those that only `simulate` reads, and those of files with secrets. */
export const settingNames: readonly string[] = [
  ...Object.keys(settings.shape),
  'STAFF_TOKEN',
  'CUSTOMER_TOKEN',
  ...secretNames.map(name => `${name}_FILE`),
];

function isAddressOrSubnet(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

/** Removes empty values: compose files and shells pass an empty string for a variable that is not set. */
export function withoutBlanks(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) => {
    const trimmed = value?.trim() ?? '';
    return trimmed === '' ? [] : [[name, trimmed] as const];
  });
  return Object.fromEntries(entries);
}
