import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { spawnApp } from '../support/app.ts';
import { freshDatabase } from '../support/postgres.ts';

test('Ctrl-C, signalled by the terminal and again by npm, lets the server finish its requests in flight', async () => {
  const database = await freshDatabase();
  const app = await spawnApp({ DATABASE_URL: database.url });
  try {
    const { hostname, port } = new URL(app.url);
    const body = JSON.stringify({ query: '{ __typename }' });
    const request = connect(Number(port), hostname);
    await once(request, 'connect');
    request.write(`POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n`);
    request.write(`Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    const [firstChunk] = (await once(request, 'data')) as [Buffer];
    expect(String(firstChunk)).toMatch(/^HTTP\/1\.1 100 /);
    await app.kill('SIGINT');
    await sleep(20);
    await app.kill('SIGINT');
    await sleep(100); // longer than an immediate end would take

    request.write(body.slice(5));
    const [answer] = (await once(request, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    request.destroy();
    expect(await app.exited).toEqual({ code: 0, signal: null });
  } finally {
    await app.kill('SIGKILL');
    await database.drop();
  }
});
