import { StartError } from '../start-error.ts';

export const usualUrl = 'http://127.0.0.1:4000/graphql';

/**
 * The GraphQL endpoint in `--url`.
 * @throws StartError
 */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new StartError(`--url ${text}: it must be a URL like ${usualUrl}`);
  }
  if (url.pathname === '/') url.pathname = '/graphql';
  return url.href;
}
