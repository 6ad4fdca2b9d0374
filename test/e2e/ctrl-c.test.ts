import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();

/** Signals that are further apart, ms, may count as two (see main.ts). */
const longestGapMs = 250;

/** Signals the server twice while it receives a request. @returns the response, or undefined if the gap was too long */
async function answerDespiteSignals(app: SpawnedApp): Promise<string | undefined> {
  const { hostname, port } = new URL(app.url);
  const body = JSON.stringify({ query: '{ __typename }' });
  const request = connect(Number(port), hostname);
  await once(request, 'connect');
  request.write(`POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n`);
  request.write(`Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
  const [firstChunk] = (await once(request, 'data')) as [Buffer];
  expect(String(firstChunk)).toMatch(/^HTTP\/1\.1 100 /);
  const from = performance.now();
  await app.kill('SIGINT');
  await sleep(20);
  await app.kill('SIGINT');
  if (performance.now() - from > longestGapMs) {
    request.destroy();
    return undefined;
  }
  await sleep(100); // longer than an immediate end would take

  request.write(body.slice(5));
  const [answer] = (await once(request, 'data')) as [Buffer];
  request.destroy();
  return String(answer);
}

test('Ctrl-C, signalled by the terminal and again by npm, lets the server finish its requests in flight', async () => {
  let answer: string | undefined;
  while (answer === undefined) {
    const app = await spawnApp({ DATABASE_URL: database.url });
    try {
      answer = await answerDespiteSignals(app);
      if (answer !== undefined) expect(await app.exited).toEqual({ code: 0, signal: null });
    } finally {
      await app.kill('SIGKILL');
    }
  }
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
