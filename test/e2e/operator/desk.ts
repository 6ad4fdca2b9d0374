// A served shop, with the rights that production gives to a serving process, and what its operator does.
import { expect } from 'vitest';
import { verifyViews } from '../../../src/projections/verify-views.ts';
import { views } from '../../../src/slices.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { openAsker } from '../../support/ask.ts';
import { onDatabase } from '../../support/on-database.ts';
import { servingRole } from '../../support/serving-role.ts';
import { openShop, type Shop } from '../../support/shop.ts';
import { connectSocket } from '../../support/socket.ts';
import { openNode, type TestNode } from '../../support/test-node.ts';
import { operatorToken, staffToken } from '../../support/tokens.ts';
import { useDatabase } from '../../support/use-database.ts';
import { useResource } from '../../support/use-resource.ts';

interface Result {
  readonly __typename: string;
  readonly position?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly id?: string;
}

interface Event {
  readonly type: string;
  readonly streamId: string;
  readonly actor: string;
  readonly actorRole: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Parked {
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly attempts: number;
  readonly error: string;
}

interface RebuildState {
  readonly projections: readonly { readonly name: string; readonly rebuild: { readonly total: number } | null }[];
}

const create = `mutation ($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderCommandPayload { orderId } } }`;
export const add = `mutation ($input: AddOrderItemInput!) { addOrderItem(input: $input) { ... on OrderCommandPayload { version position } } }`;

interface Served {
  readonly role: Awaited<ReturnType<typeof servingRole>>;
  readonly app: TestApp;
  readonly shop: Shop;
  readonly node: TestNode;
  readonly operator: string;
}

async function openDesk(url: string): Promise<Served> {
  const role = await servingRole(url);
  const app = await startApp({ DATABASE_URL: role.url });
  return { role, app, shop: await openShop(app.url), node: await openNode(url), operator: await operatorToken() };
}

async function closeDesk({ role, app, node }: Served): Promise<void> {
  await node.close();
  await app.stop();
  await role.drop();
}

/** The shop, from a file's first test to its last one. */
export function useDesk() {
  const database = useDatabase();
  const desk = useResource(() => openDesk(database.url), closeDesk);

  /** Sends a mutation of an operator, by default as the operator. */
  async function operate(name: string, input: object, token = desk.operator): Promise<Result> {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const payload = name === 'eraseCustomer' ? 'CustomerCommandPayload' : 'OperatorCommandPayload';
    const document = `mutation ($input: ${type}!) { result: ${name}(input: $input) {
      __typename ... on ${payload} { position }
      ... on RejectedError { reason } ... on NotFoundError { id } ... on CommandError { message } } }`;
    const { data, errors } = await (
      await openAsker.HTTP(desk.app.url, token)
    ).ask<{ result: Result }>(document, { input });
    expect(errors).toBeUndefined();
    return data!.result;
  }

  async function ask<Data>(document: string, variables: object = {}, token = desk.operator): Promise<Data> {
    const asker = await openAsker.HTTP(desk.app.url, token);
    const { data, errors } = await asker.ask<Data>(document, variables as Record<string, unknown>);
    expect(errors).toBeUndefined();
    return data!;
  }

  /**
   * The event at a position, as `eventsAppended` sends it to staff. The feed ends at a damaged event, and continues after
   * its position.
   */
  async function eventAt(position: string, after?: string): Promise<Event> {
    const socket = await connectSocket(desk.app.url, await staffToken());
    const feed = socket.subscribe<{ eventsAppended: Event & { position: string } }, object>(
      'subscription ($after: Position) { eventsAppended(after: $after) { type streamId actor actorRole data position } }',
      { after },
    );
    for (;;) {
      const { data, errors, extensions } = await feed.next();
      if (data?.eventsAppended.position !== position && !errors) continue;
      await socket.close();
      return data?.eventsAppended ?? eventAt(position, String(extensions?.['position']));
    }
  }

  async function parkedStreams(atLeast?: string, token = desk.operator): Promise<readonly Parked[]> {
    const list = 'nodes { id streamType streamId version position attempts triedAt error }';
    const document = `query ($atLeast: Position) { parkedStreams(atLeast: $atLeast) { ${list} } }`;
    return (await ask<{ parkedStreams: { nodes: Parked[] } }>(document, { atLeast }, token)).parkedStreams.nodes;
  }

  async function isRebuilding(): Promise<boolean> {
    const { projections } = await ask<RebuildState>('{ projections { name rebuild { processed total } } }');
    return projections.every(({ rebuild }) => rebuild !== null);
  }

  function rowsOf<Row extends object>(sql: string): Promise<Row[]> {
    return onDatabase(database.url, async client => (await client.query<Row>(sql)).rows);
  }

  const generations = () =>
    rowsOf<{ generation: number; live: boolean }>('SELECT generation, live FROM checkpoints ORDER BY generation');

  const faults = () => verifyViews(desk.node.source, views, () => undefined);

  async function newOrder(token = desk.shop.customer.token, input: object = {}): Promise<string> {
    return (await ask<{ createOrder: { orderId: string } }>(create, { input }, token)).createOrder.orderId;
  }

  async function addItem(orderId: string, quantity: number): Promise<string> {
    const input = { orderId, productId: desk.shop.productId, quantity };
    return (await ask<{ addOrderItem: { position: string } }>(add, { input }, desk.shop.customer.token)).addOrderItem
      .position;
  }

  /** Damages the events that are stored in the meantime, so that no fold accepts them. */
  async function damaged<Answer>(orderId: string, act: () => Promise<Answer>): Promise<Answer> {
    const sql = (text: string) => onDatabase(database.url, client => client.query(text));
    await sql(`
      CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.stream_id = '${orderId}' THEN NEW.personal := '{"subject": "${desk.shop.customer.id}", "sealed": "AAAA"}'; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER damaged BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION damaged()`);
    try {
      return await act();
    } finally {
      await sql('DROP TRIGGER damaged ON events; DROP FUNCTION damaged()');
    }
  }

  return {
    database,
    desk,
    operate,
    ask,
    eventAt,
    parkedStreams,
    isRebuilding,
    rowsOf,
    generations,
    faults,
    newOrder,
    addItem,
    damaged,
  };
}
