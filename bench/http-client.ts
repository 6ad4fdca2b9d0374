import { Agent, request } from 'node:http';

/** Sends a body and resolves with the whole response body. */
export type Post = (body: string) => Promise<string>;

/**
 * POSTs JSON over kept-alive connections.
 * @param connections maximum number
 * @throws if the response's status is not 200
 */
export function openClient(
  url: string,
  {
    token,
    connections,
    path = '/graphql',
  }: { readonly token?: string; readonly connections: number; readonly path?: string },
): { readonly post: Post; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };

  const post: Post = body =>
    new Promise((resolve, reject) => {
      const length = Buffer.byteLength(body);
      const asked = request(
        { agent, hostname, port, path, method: 'POST', headers: { ...headers, 'content-length': length } },
        response => {
          let answer = '';
          response.setEncoding('utf8');
          response.on('data', (text: string) => (answer += text));
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 200) resolve(answer);
            else reject(new Error(`${response.statusCode}: ${answer}`));
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });

  return { post, close: () => agent.destroy() };
}
