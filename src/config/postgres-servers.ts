/** The servers that a URL names, e.g. `postgresql://user@a:5432,b/orders?target_session_attrs=read-write`. */
export interface PostgresServers {
  /** A URL for each server, in order. They differ in host and port only. */
  readonly urls: readonly [string, ...string[]];
  /** `read-write`: a server that accepts no writes is passed over. */
  readonly target: string;
}

const parameter = 'target_session_attrs';
/** Scheme and user, hosts, everything after them. */
const parts = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/s;

/** Splits a URL as libpq does. A text that is no URL is its only part. */
export function postgresServers(text: string): PostgresServers {
  const [, before = '', hosts = text, after = ''] = parts.exec(text) ?? [];
  const [first = '', ...others] = hosts.split(',').map(host => `${before}${host.trim()}${after}`);
  if (!URL.canParse(first) || (others.length === 0 && !text.includes(parameter))) {
    return { urls: [first, ...others], target: 'any' };
  }
  const target = new URL(first).searchParams.get(parameter) ?? 'any';
  const own = (url: string): string => (URL.canParse(url) ? withoutTarget(url) : url);
  return { urls: [own(first), ...others.map(own)], target };
}

/** The driver does not know the parameter, and would send it to the server. */
function withoutTarget(text: string): string {
  const url = new URL(text);
  url.searchParams.delete(parameter);
  return url.href;
}
