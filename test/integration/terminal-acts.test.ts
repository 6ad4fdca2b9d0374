// What an operator does at a terminal is an event with their name.
import { beforeEach, describe, expect, test } from 'vitest';
import { eraseNamedCustomer } from '../../src/cli/erase-customer.ts';
import { retry, skip } from '../../src/cli/parked.ts';
import { abandonBegunRebuild, rebuildView } from '../../src/cli/rebuild.ts';
import { verify } from '../../src/cli/verify.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint, readRebuild } from '../../src/projections/checkpoint.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { views } from '../../src/slices.ts';
import { failingViews, projectWith } from '../support/broken-views.ts';
import { logLines } from '../support/log-lines.ts';
import { viewRows } from '../support/plain-fold.ts';
import { addItem, createdOrder, productOnSale, projectAll, registeredCustomer } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { node } = useNode('test');
let customerId: string;
let productId: string;
let poisoned: string;
let sound: string;

beforeEach(async () => {
  [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
  poisoned = await createdOrder(node, customerId);
  sound = await createdOrder(node, customerId);
  await projectAll(node);
});

/** Views of a release that cannot fold the second event of the order. */
const failing = () => failingViews(poisoned, version => (version === 2 ? 'no such fold' : undefined));

describe('a skip at the terminal', () => {
  const how = (version: number | undefined) => ({
    streamId: poisoned,
    version,
    actor: { role: 'operator', subject: 'ann' } as const,
  });

  test('leaves the event out of the rows for good, and stores who did it', async () => {
    await addItem(node, poisoned, productId);
    await addItem(node, poisoned, await productOnSale(node), 4);
    await projectWith(node, failing());
    const projector = startProjector({
      ...node,
      views: failing(),
      logger: logLines().logger,
      onProjected: () => undefined,
    });
    expect(await skip(node.database, false, how(2))).toMatchObject({
      ok: true,
      lines: [`version 2 of ${poisoned} is skipped: the stream continues`],
      value: { version: 2, reached: true, parked: [] },
    });
    await projector.stop();
    const rows = await viewRows(node.database, 'order_view', 'orderId');
    expect(rows.get(poisoned)).toMatchObject({ version: 3, itemCount: 4 });
    const [last] = (await node.store.readLog(0, 1_000)).slice(-1);
    expect(last).toMatchObject({
      type: 'StreamEventSkipped',
      data: { streamId: poisoned, version: 2 },
      metadata: { actor: { role: 'operator', subject: 'ann' } },
    });
  });

  test('of another version, or of a stream that is not parked, is refused and stores nothing', async () => {
    await addItem(node, poisoned, productId);
    await projectWith(node, failing());
    const before = await readHead(node.database);
    await expect(skip(node.database, false, how(1))).rejects.toThrow(
      `${poisoned}: The stream is parked before version 2, not 1: read its error first.`,
    );
    await expect(skip(node.database, false, { ...how(undefined), streamId: sound })).rejects.toThrow(
      `${sound}: The stream is not parked`,
    );
    expect(await readHead(node.database)).toEqual(before);
  });
});

describe('the name given at the terminal is stored', () => {
  const ann = { role: 'operator', subject: 'ann' } as const;
  const acts = async () =>
    (await node.store.readLog(0, 1_000))
      .filter(({ metadata }) => metadata.actor.subject === 'ann')
      .map(({ type }) => type);

  test('with a retry, and with a rebuild and its abandonment, which a projector does not carry out again', async () => {
    await addItem(node, poisoned, productId);
    await projectWith(node, failing());
    await retry(node.database, true, 'all', ann);
    await rebuildView(node.database, 'order_view', ann);
    await beginRebuild(node.database);
    await abandonBegunRebuild(node.database, true, ann);
    expect(await acts()).toEqual(['StreamRetried', 'RebuildRequested', 'RebuildAbandoned']);
    await projectAll(node);
    expect(await readRebuild(node.database)).toBeUndefined();
    expect((await readCheckpoint(node.database)).position).toEqual(await readHead(node.database));
    expect(await verify(node.source, views)).toMatchObject({ ok: true });
  });

  test('with each event of an erasure; without a name it is operator', async () => {
    await createdOrder(node, customerId, { reference: 'PO 9' });
    await eraseNamedCustomer({ database: node.database, embedded: true, actor: ann }, customerId);
    expect(await acts()).toEqual(['CustomerErased', 'OrderErased']);
    const other = await registeredCustomer(node);
    await eraseNamedCustomer({ database: node.database, embedded: true }, other);
    const [last] = (await node.store.readLog(0, 1_000)).slice(-1);
    expect(last).toMatchObject({ type: 'CustomerErased', metadata: { actor: { subject: 'operator' } } });
  });
});
