import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { openAsker } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { registered } from '../support/shop.ts';
import { operatorToken } from '../support/tokens.ts';

test('on the embedded database an operator rebuilds, erases and sees the process, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-operator-'));
  const app = await startApp({ DATA_DIR: folder });
  const { ask } = await openAsker.HTTP(app.url, await operatorToken());
  try {
    const { id } = await registered(app.url, 'Quentin', 'q@example.org');
    const rebuilt = 'mutation { rebuildView(input: { view: "order_view" }) { __typename } }';
    expect((await ask(rebuilt)).data).toEqual({ rebuildView: { __typename: 'OperatorCommandPayload' } });
    const state = '{ projections { state } }';
    const states = async () => {
      const { data } = await ask<{ projections: { state: string }[] }>(state);
      return [...new Set(data!.projections.map(one => one.state))];
    };
    expect(await states()).toEqual(['REBUILDING']);
    await eventually(async () => expect(await states()).toEqual(['LIVE']));
    const erase = `mutation { eraseCustomer(input: { customerId: "${id}" }) { ... on CustomerCommandPayload { customer { name } } } }`;
    expect((await ask(erase)).data).toEqual({ eraseCustomer: { customer: { name: '[erased]' } } });
    const list = '{ processes { roles sockets } parkedStreams { totalCount } }';
    expect((await ask(list)).data).toEqual({
      processes: [{ roles: ['API', 'PROJECTOR'], sockets: 0 }],
      parkedStreams: { totalCount: 0 },
    });
  } finally {
    await app.stop();
    await rm(folder, { recursive: true });
  }
});
