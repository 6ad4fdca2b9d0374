import { ApolloClient } from '@apollo/client';
import { cacheExchange, Client, type Exchange } from '@urql/core';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import fc from 'fast-check';
import { type DocumentNode, parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { apolloOperations, orderstreamApollo } from '../../../src/client/apollo.ts';
import { createCommands } from '../../../src/client/commands.ts';
import { keys, possibleTypes } from '../../../src/client/index.ts';
import type { Operations } from '../../../src/client/operations.ts';
import type { Session } from '../../../src/client/session.ts';
import { orderstreamExchanges, urqlOperations } from '../../../src/client/urql.ts';
import { at, controlledSession } from '../../support/controlled-session.ts';

const query = parse('query ($id: ID!) { order(id: $id) { version status reference } }');
const otherQuery = parse('query ($id: ID!) { order(id: $id) { number status } }');
const watch = parse('subscription ($id: ID!) { orderUpdated(id: $id) { kind order { status } } }');
const variables = { id: 'ord_1' };

interface Shown {
  readonly version: number;
  readonly status: string;
  readonly reference: string;
}
/** Opens a client whose page shows the order. */
type Open = (session: Session, onShown: (order: Shown) => void) => Opened;

interface Opened {
  readonly operations: Operations;
  /** Asks a query again, past the cache. */
  readonly ask: (document: DocumentNode) => Promise<unknown>;
}

const urqlWith =
  (cache: () => Exchange): Open =>
  (session, onShown) => {
    const exchanges = orderstreamExchanges(session, cache());
    const client = new Client({ url: session.url, preferGetMethod: false, exchanges });
    client.query(query, variables).subscribe(({ data }) => {
      const { order } = (data ?? {}) as { readonly order?: Shown };
      if (order) onShown(order);
    });
    return {
      operations: urqlOperations(client, session),
      ask: document => client.query(document, variables, { requestPolicy: 'network-only' }).toPromise(),
    };
  };

const clients: Record<string, Open> = {
  'Apollo’s InMemoryCache': (session, onShown) => {
    const client = new ApolloClient(orderstreamApollo(session));
    client.watchQuery<{ order: Shown }>({ query, variables }).subscribe(({ data }) => {
      if (data?.order) onShown(data.order as Shown);
    });
    return {
      operations: apolloOperations(client, session),
      ask: document => client.query({ query: document, variables, fetchPolicy: 'network-only' }),
    };
  },
  'urql’s document cache': urqlWith(() => cacheExchange),
  'urql’s Graphcache': urqlWith(() => graphcache({ keys, possibleTypes })),
};

const steps = [
  'change',
  'frame',
  'ask',
  'askOther',
  'command',
  'serve',
  'serveBare',
  'answer',
  'answerLate',
  'refuse',
  'fail',
] as const;
type Step = (typeof steps)[number];

interface Pending {
  readonly reply: (data: unknown) => void;
  readonly kind: 'query' | 'command';
  data?: object;
  command?: { isAnswered: boolean };
}

const money = { __typename: 'Money', amount: '0.00', minorUnits: 0, currency: 'EUR' };
/** The fields of an order that the page does not show. A command selects them all. */
const unchanged = {
  number: 'K7Q2-9XF4',
  lines: [],
  itemCount: 0,
  total: money,
  createdAt: '2026-12-01T10:00:00Z',
  updatedAt: '2026-12-01T10:00:00Z',
  submittedAt: null,
  confirmedAt: null,
  shippedAt: null,
  deliveredAt: null,
  cancelledAt: null,
  cancellationReason: null,
  shipment: null,
  availableActions: [],
};

/**
 * Plays the steps against a model server of one order, and then delivers all that is left.
 * @returns what is wrong with what the page showed; undefined if nothing
 */
async function play(
  open: Open,
  played: readonly Step[],
  plant?: (session: Session) => void,
): Promise<string | undefined> {
  const { session, requests, transports } = controlledSession();
  plant?.(session);
  const states = ['none', 'S1'];
  const frames: number[] = [];
  const problems: string[] = [];
  const commands: { readonly status: string; version?: number; isRefused: boolean; isAnswered: boolean }[] = [];
  let highest = 0;
  let last: Shown | undefined;
  let taken = 0;
  const pending: Pending[] = [];
  const order = (version = states.length - 1) => ({
    __typename: 'Order',
    id: 'ord_1',
    version,
    position: at(version),
    status: states[version],
    reference: `R${version}`,
    ...unchanged,
  });

  function check(shown: Shown): void {
    last = shown;
    const { version, status } = shown;
    if (version < highest) problems.push(`version ${version} after ${highest}`);
    highest = Math.max(highest, version);
    const open = commands.filter(one => !one.isRefused && (one.version ?? Infinity) > version);
    const expected = open.at(-1)?.status ?? states[version];
    // Before its answer is there, a client cannot know that newer states contain the command already.
    const isUnanswered = commands.some(one => !one.isAnswered && !one.isRefused && one.status === status);
    if (status !== expected && !(open.length === 0 && isUnanswered))
      problems.push(`${status} at version ${version}, where ${expected} was expected`);
  }
  const { operations, ask } = open(session, check);
  const sender = createCommands(operations);
  const answered: { isAnswered: boolean }[] = [];
  async function settle(ms = 0): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    for (const command of answered.splice(0)) command.isAnswered = true;
  }

  /** Takes the requests that the client has sent since. */
  function receive(): void {
    for (; taken < requests.length; taken++) {
      const request = requests[taken]!;
      const kind = request.body.query.includes('mutation') ? 'command' : 'query';
      pending.push({
        kind,
        reply: answer => {
          request.answer(answer as never);
        },
      });
    }
  }
  function change(status = `S${states.length}`): void {
    states.push(status);
    frames.push(states.length - 1);
  }
  /** @param isBare the answer of a command has no order, because the server could not read it */
  function serve(one: Pending, isBare = false): void {
    if (one.data) return;
    if (one.kind === 'query') {
      one.data = { data: { order: order() }, extensions: { position: at(states.length - 1) } };
      return;
    }
    const command = commands.find(({ version, isRefused }) => version === undefined && !isRefused)!;
    change(command.status);
    command.version = states.length - 1;
    const payload = {
      __typename: 'OrderCommandPayload',
      orderId: 'ord_1',
      version: command.version,
      position: at(command.version),
    };
    one.data = { data: { confirmOrder: { ...payload, order: isBare ? null : order() } } };
    one.command = command;
  }
  function answer(one: Pending | undefined): void {
    if (one?.data === undefined) return;
    pending.splice(pending.indexOf(one), 1);
    one.reply(one.data);
    if (one.command) answered.push(one.command);
  }
  function frame(): void {
    const version = frames.shift();
    if (version === undefined) return;
    transports[0]?.streams[0]?.next({
      data: { orderUpdated: { __typename: 'OrderUpdate', kind: 'UPDATE', order: order(version) } },
      extensions: { position: at(version), kind: 'UPDATE' },
    });
  }
  const does: Record<Step, () => void> = {
    change,
    frame,
    ask: () => void ask(query).catch(() => undefined),
    askOther: () => void ask(otherQuery).catch(() => undefined),
    command() {
      // One at a time, as the command queue sends the commands of one order.
      if (commands.some(({ isAnswered, isRefused }) => !isAnswered && !isRefused)) return;
      const command = { status: `C${commands.length}`, isRefused: false, isAnswered: false };
      commands.push(command);
      void sender
        .run('confirmOrder', { orderId: 'ord_1' }, { optimistic: { status: command.status } })
        .catch(() => undefined);
    },
    serve: () => {
      for (const one of pending) serve(one);
    },
    serveBare: () => {
      for (const one of pending) serve(one, true);
    },
    answer: () => {
      answer(pending.find(({ data }) => data));
    },
    answerLate: () => {
      answer(pending.findLast(({ data }) => data));
    },
    refuse() {
      const one = pending.find(({ kind, data }) => kind === 'command' && !data);
      const command = commands.find(({ version, isRefused }) => version === undefined && !isRefused);
      if (!one || !command) return;
      command.isRefused = true;
      pending.splice(pending.indexOf(one), 1);
      one.reply({
        data: {
          confirmOrder: {
            __typename: 'RejectedError',
            message: 'No.',
            reason: 'ORDER_NOT_SUBMITTED',
            path: null,
            current: null,
          },
        },
      });
    },
    fail() {
      const one = pending.find(({ data }) => !data);
      if (!one) return;
      pending.splice(pending.indexOf(one), 1);
      one.reply({ data: null, errors: [{ message: 'away', extensions: { code: 'UNAVAILABLE' } }] });
    },
  };

  operations.subscribe(watch, variables, { next: () => undefined, error: () => undefined, complete: () => undefined });
  await settle();
  for (const step of ['serve', 'answer', ...played] as const) {
    receive();
    does[step]();
    await settle();
  }
  for (let round = 0; round < 40; round++) {
    receive();
    for (const one of pending) serve(one);
    answer(pending[0]);
    await settle();
    frame();
    await settle(2_000);
  }
  if (last?.reference !== `R${states.length - 1}`)
    problems.push(`at rest ${last?.reference} is shown at version ${last?.version}`);
  if (last?.version !== states.length - 1)
    problems.push(`at rest version ${last?.version} of ${states.length - 1} is shown`);
  session.close();
  return problems[0];
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const history = fc.array(fc.constantFrom(...steps), { minLength: 5, maxLength: 40 });

describe.each(Object.entries(clients))('%s', (_, open) => {
  test('shows no falling version and no flickering optimistic value, and at rest the newest state, whatever overtakes what', async () => {
    await fc.assert(
      fc.asyncProperty(history, async played => {
        expect(await play(open, played)).toBe(undefined);
      }),
      { numRuns: 30 },
    );
  });
});

/** Each is a fault in a part that all caches rest on. */
const faults: Record<string, (session: Session) => void> = {
  'answers are delivered as they are': session => {
    Object.assign(session.entities, { admit: (_document: unknown, _variables: unknown, data: unknown) => data });
  },
  'answers that cannot be brought up to date are delivered': session => {
    const entities = { ...session.entities };
    Object.assign(session.entities, {
      admit: (...[document, given, data]: Parameters<typeof entities.admit>) =>
        entities.admit(document, given, data) ?? data,
    });
  },
  'an overlay ends as soon as the command is stored': session => {
    const overlays = { ...session.overlays };
    Object.assign(session.overlays, {
      add: (...given: Parameters<typeof overlays.add>) => {
        const overlay = overlays.add(...given);
        return {
          ...overlay,
          confirm: () => {
            overlay.withdraw();
          },
        };
      },
    });
  },
  'an overlay of a refused command stays': session => {
    const overlays = { ...session.overlays };
    Object.assign(session.overlays, {
      add: (...given: Parameters<typeof overlays.add>) => ({ ...overlays.add(...given), withdraw: () => undefined }),
    });
  },
  'frames are not recorded': session => {
    const before = { ...session };
    Object.assign(session, {
      subscribe: (...[request, sink]: Parameters<typeof before.subscribe>) =>
        before.subscribe(request, { ...sink, next: () => undefined }),
    });
    Object.assign(session.entities, { subscribe: () => () => undefined });
  },
};

test.each(Object.entries(faults))('the property finds the fault that %s', async (_, plant) => {
  let problem: string | undefined;
  const histories = fc.sample(history, { numRuns: 150, seed: 7 });
  for (const open of Object.values(clients)) {
    for (const played of histories) {
      problem ??= await play(open, played, plant);
      if (problem !== undefined) break;
    }
  }
  expect(problem).not.toBe(undefined);
});
