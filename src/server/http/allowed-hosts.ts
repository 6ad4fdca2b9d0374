import type { Config } from '../../config.ts';

/** Whether a request may have that host. `host` is the value of the header, with or without a port. */
export type AllowsHost = (host: string) => boolean;

/**
 * The development key is published, so any web page can sign a token with it. A page whose own host name resolves to
 * 127.0.0.1 (DNS rebinding) sends that name as `Host`: without this check it could read and write as staff. With a
 * configured key such a page has no token, so any host is allowed: container ports and proxies use names of their
 * own.
 */
export function allowedHosts({ auth, host: configured }: Pick<Config, 'auth' | 'host'>): AllowsHost {
  if (auth.key.type !== 'development') return () => true;
  const own = nameOf(configured.includes(':') ? `[${configured}]` : configured);
  return host => {
    const name = nameOf(host);
    return name !== undefined && (ofThisMachine.test(name) || name === own);
  };
}

export const foreignHost =
  'Only localhost is served with the development key, not the host in `Host`: open http://localhost, or set AUTH_JWT_SECRET\n';

// RFC 6761 reserves names below localhost for this machine, whatever a DNS server answers.
const ofThisMachine = /^(?:(?:[^.]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])$/;

function nameOf(host: string): string | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined;
}
