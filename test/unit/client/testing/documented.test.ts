// The example of docs/clients.md, "Tests and stories".
import {
  createCommands,
  createLiveBoard,
  createSession,
  type Session,
  sessionOperations,
} from '../../../../src/client/index.ts';
import { createScriptedServer, type ScriptedServer } from '../../../../src/client/testing/index.ts';
import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const fragment = parse('fragment Card on Order { id number status }');
const columns = { new: ['SUBMITTED'], confirmed: ['CONFIRMED'] } as const;
let server: ScriptedServer;
let session: Session;

beforeEach(() => {
  // An order of a status alone is a whole order: with a customer, a line and all times.
  server = createScriptedServer({
    orders: [
      { id: 'ord_1', status: 'SUBMITTED' },
      { id: 'ord_2', status: 'CONFIRMED' },
    ],
  });
  const { url, fetch, WebSocket } = server;
  session = createSession({ url, fetch, webSocket: WebSocket, token: () => server.token() });
});
afterEach(() => session.close());

function openBoard() {
  const board = createLiveBoard<{ id: string }, keyof typeof columns>(sessionOperations(session), {
    fragment,
    columns,
  });
  const shown = () =>
    [board.current.columns.new, board.current.columns.confirmed].map(({ rows }) => rows.map(({ id }) => id));
  const shows = (...rows: string[][]) => vi.waitFor(() => expect(shown()).toEqual(rows), { timeout: 10_000 });
  return { board, shown, shows };
}

test('an order that someone else confirms moves to its column', async () => {
  const { shows } = openBoard();
  await shows(['ord_1'], ['ord_2']);
  server.change('ord_1', { status: 'CONFIRMED' });
  await shows([], ['ord_2', 'ord_1']);
});

test('a refused confirmation goes back', async () => {
  const { shows } = openBoard();
  await shows(['ord_1'], ['ord_2']);
  server.refuse('confirmOrder', { reason: 'ORDER_NOT_SUBMITTED' });
  const commands = createCommands(sessionOperations(session));
  const result = await commands.run('confirmOrder', { orderId: 'ord_1' }, { optimistic: { status: 'CONFIRMED' } });
  expect(result).toMatchObject({ accepted: false, error: { reason: 'ORDER_NOT_SUBMITTED' } });
  await shows(['ord_1'], ['ord_2']);
});

test('after a lost connection the board catches up', async () => {
  const { shows } = openBoard();
  await shows(['ord_1'], ['ord_2']);
  server.cut();
  server.change('ord_1', { status: 'CANCELLED' });
  server.addOrder({ id: 'ord_3', status: 'SUBMITTED' });
  await shows(['ord_3'], ['ord_2']);
  expect(server.requests.filter(({ kind }) => kind === 'subscription')).toHaveLength(2);
});
