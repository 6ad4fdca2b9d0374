import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/commands/handle-command.ts';
import { classifyDatabaseError } from '../../src/database/database-error.ts';
import { openAppender, OutcomeUnknownError, UnavailableError } from '../../src/event-store/appender.ts';
import { newId } from '../../src/ids.ts';
import { addOrderItemAtCurrentPrice } from '../../src/order/graphql/current-prices.ts';
import { newStream, requestFor } from '../support/append-request.ts';
import { eventually } from '../support/eventually.ts';
import { logFaults } from '../support/log-faults.ts';
import { stopwatch } from '../support/standstill.ts';
import { type Fate, openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import {
  createdOrder,
  type How,
  onCustomer,
  onOrder,
  openNode,
  positionOf,
  productOnSale,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { sql } from '../../src/database/sql.ts';
import { useNode } from '../support/use-node.ts';

const { database: real, node: direct } = useNode();
/** A node with a direct connection. */
let customerId: string;
let productId: string;

beforeAll(async () => {
  [customerId, productId] = [await registeredCustomer(direct), await productOnSale(direct)];
});

interface Distant {
  readonly node: TestNode;
  readonly proxy: TcpProxy;
  close(): Promise<void>;
}

/** A node whose connections to the database can be cut. */
async function openDistantNode(): Promise<Distant> {
  const url = new URL(real.url);
  const proxy = await openTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${proxy.port}`;
  const node = await openNode(url.href);
  const close = async () => {
    // In the other order, the pool would wait for the swallowed queries.
    await proxy.close();
    await node.close();
  };
  return { node, proxy, close };
}

/** Cuts every connection to the database, and waits until the node's pool has noticed: then no statement is sent. */
async function refuseAll({ node, proxy }: Distant): Promise<void> {
  await proxy.refuse();
  await eventually(async () => {
    const error: unknown = await node.database.query(sql`SELECT 1`).catch((reason: unknown) => reason);
    expect(classifyDatabaseError(error)).toBe('not-sent');
  });
}

/** An order and a product in the node's cache. */
async function warmOrder(node: TestNode): Promise<string> {
  return createdOrder(node, customerId, { items: [{ productId, quantity: 1 }] });
}

function anItem() {
  return addOrderItemAtCurrentPrice({ lineId: newId('lin'), quantity: 1, productId });
}

function isAppend(bytes: Buffer): boolean {
  return bytes.includes('SELECT append_events(');
}

function storedOf(commandId: string): Promise<number> {
  return direct.database.models.event.count({ where: { commandId } });
}

describe('an append whose answer is lost', () => {
  let distant: Distant;
  beforeAll(async () => {
    distant = await openDistantNode();
  });
  afterAll(() => distant.close());

  const fate = fc.constantFrom<Fate>('lose-request', 'lose-answer', 'lose-answer');

  async function expectAnsweredAsStored(commandIds: readonly string[], answers: readonly CommandAnswer<unknown>[]) {
    const stored = await direct.database.models.event.findMany({
      where: { commandId: { in: [...commandIds] } },
      orderBy: { position: 'asc' },
    });
    const outcomes = answers.map((answer, n) => {
      if (answer.type !== 'accepted') throw new Error(`answered ${JSON.stringify(answer)}`);
      return { commandId: commandIds[n]!, version: answer.version, position: BigInt(answer.position.point) };
    });
    const inOrder = outcomes.toSorted((one, other) => Number(one.position - other.position));
    expect(stored.map(({ commandId, version, position }) => ({ commandId, version, position }))).toEqual(inOrder);
    expect(await logFaults(direct.database)).toEqual([]);
  }

  test('is executed once and answered as accepted, 200 times in a row', async () => {
    const { node, proxy } = distant;
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 200, maxLength: 200 }), async fates => {
        const orderId = await warmOrder(node);
        const commandIds = fates.map(() => randomUUID());
        const answers: CommandAnswer<unknown>[] = [];
        for (const [n, next] of fates.entries()) {
          let sent = 0;
          proxy.meet(bytes => (isAppend(bytes) && sent++ === 0 ? next : 'pass'));
          answers.push(await onOrder(node, orderId, anItem(), { commandId: commandIds[n]! }));
          expect(sent).toBeGreaterThan(1);
        }
        proxy.meet(() => 'pass');
        await expectAnsweredAsStored(commandIds, answers);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  test('with many others in its call is executed once, and so is each of them', async () => {
    const { node, proxy } = distant;
    const often = fc.oneof(fc.constant<Fate>('pass'), fate);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(often), async fates => {
        const orders = await Promise.all(Array.from({ length: 40 }, () => warmOrder(node)));
        let cut = 0;
        proxy.meet(bytes => {
          if (!isAppend(bytes)) return 'pass';
          // The first call is always disturbed: so many commands share so few calls that all of them might pass.
          const next = cut === 0 ? 'lose-answer' : (fates.next() as IteratorYieldResult<Fate>).value;
          if (next !== 'pass') cut++;
          return next;
        });
        const commandIds = Array.from({ length: 120 }, () => randomUUID());
        const answers = await Promise.all(
          commandIds.map((commandId, n) => onOrder(node, orders[n % 40]!, anItem(), { commandId })),
        );
        proxy.meet(() => 'pass');
        expect(cut).toBeGreaterThan(0);
        await expectAnsweredAsStored(commandIds, answers);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  test('repeatedly gets the outcome of its first execution', async () => {
    const { node, proxy } = distant;
    const orderId = await warmOrder(node);
    const commandId = randomUUID();
    let lost = 0;
    proxy.meet(bytes => (isAppend(bytes) && lost++ < 6 ? 'lose-answer' : 'pass'));
    const answer = await onOrder(node, orderId, anItem(), { commandId });
    proxy.meet(() => 'pass');
    expect(lost).toBeGreaterThan(6);
    const [event] = await direct.database.models.event.findMany({ where: { commandId } });
    expect(answer).toMatchObject({ type: 'accepted', version: 3, position: { point: Number(event!.position) } });
    expect(await storedOf(commandId)).toBe(1);
  });

  test('and whose stream then changed gets the outcome of its execution, not a conflict', async () => {
    const { node, proxy } = distant;
    const orderId = await warmOrder(node);
    const commandId = randomUUID();
    const meanwhile: Promise<unknown>[] = [];
    proxy.meet(bytes => {
      if (!isAppend(bytes) || meanwhile.length > 0) return 'pass';
      meanwhile.push(storedAndSubmitted(orderId, commandId));
      return 'lose-answer';
    });
    const answer = await onOrder(node, orderId, anItem(), { commandId, expectedVersion: 2 });
    await Promise.all(meanwhile);
    expect(answer).toMatchObject({ type: 'accepted', version: 3, replayed: true });
  });

  /** Sends a command of another node as soon as the one with the lost answer is stored. */
  async function storedAndSubmitted(orderId: string, commandId: string): Promise<void> {
    while ((await storedOf(commandId)) === 0) await new Promise(resolve => setImmediate(resolve));
    await positionOf(onOrder(direct, orderId, { type: 'SubmitOrder' }));
  }
});

describe('a request after its deadline', () => {
  let distant: Distant;
  beforeAll(async () => {
    distant = await openDistantNode();
  });
  afterAll(() => distant.close());

  async function failureBy(milliseconds: number): Promise<{ error: unknown; took: number; commandId: string }> {
    const append = openAppender(distant.node.database, () => undefined);
    const request = requestFor(newStream());
    const passed = stopwatch();
    const error: unknown = await append(request, performance.now() + milliseconds).then(
      outcome => outcome,
      (reason: unknown) => reason,
    );
    return { error, took: passed(), commandId: request.commandId };
  }

  test('has an unknown outcome if the database may have received it', async () => {
    distant.proxy.meet(bytes => (isAppend(bytes) ? 'lose-answer' : 'pass'));
    const { error, took, commandId } = await failureBy(600);
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(took).toBeLessThan(3_000);
    expect(await storedOf(commandId)).toBe(1);
  });

  test('keeps its unknown outcome if later attempts found no connection', async () => {
    let sent = 0;
    distant.proxy.meet(bytes => {
      if (!isAppend(bytes)) return sent > 0 ? 'lose-request' : 'pass';
      sent++;
      return 'lose-request';
    });
    const { error, commandId } = await failureBy(600);
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await storedOf(commandId)).toBe(0);
    distant.proxy.meet(() => 'pass');
  });

  test('was not stored, and its caller gets UNAVAILABLE, if there was never a connection', async () => {
    await refuseAll(distant);
    const { error, took, commandId } = await failureBy(600);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(took).toBeLessThan(3_000);
    expect(await storedOf(commandId)).toBe(0);
  });
});

interface Outcome {
  readonly answer: CommandAnswer<unknown> | Error;
  /** ms on the clock, and the part of them in which the machine ran. */
  readonly waited: number;
  readonly took: number;
  readonly commandId: string;
}

async function outcomeOf(run: (how: How) => Promise<CommandAnswer<unknown>>): Promise<Outcome> {
  const commandId = randomUUID();
  const [began, passed] = [performance.now(), stopwatch()];
  const answer = await run({ commandId }).catch((error: unknown) => error as Error);
  return { answer, waited: performance.now() - began, took: passed(), commandId };
}

// Each waits for a command's whole deadline: they run in parallel, in the hook, and the tests check the results.
describe('a command whose node', () => {
  const distant: Distant[] = [];
  const commandTime = 10_000;
  /** The last attempt may start just before the end, and a busy machine is slow. */
  const bound = commandTime + 3_000 + 1_500;

  async function scenario<Result>(run: (distant: Distant) => Promise<Result>): Promise<Result> {
    const opened = await openDistantNode();
    distant.push(opened);
    return run(opened);
  }

  const scenarios = {
    lostForGood: () =>
      scenario(async ({ node, proxy }) => {
        const [orderId, command] = [await warmOrder(node), anItem()];
        proxy.meet(bytes => {
          if (!isAppend(bytes)) return 'pass';
          setTimeout(() => void proxy.refuse(), 50);
          return 'lose-answer';
        });
        const outcome = await outcomeOf(how => onOrder(node, orderId, command, how));
        const repeated = await onOrder(direct, orderId, command, { commandId: outcome.commandId });
        return { ...outcome, repeated };
      }),
    neverReached: () =>
      scenario(async opened => {
        const orderId = await warmOrder(opened.node);
        await refuseAll(opened);
        return outcomeOf(how => onOrder(opened.node, orderId, anItem(), how));
      }),
    neverReachedAndCold: () =>
      scenario(async opened => {
        const orderId = await warmOrder(direct);
        await refuseAll(opened);
        return outcomeOf(how => onOrder(opened.node, orderId, anItem(), how));
      }),
    reachedInTime: () =>
      scenario(async ({ node, proxy }) => {
        const orderId = await warmOrder(direct);
        // Each new connection is reset before it sends anything.
        proxy.meet(() => 'lose-request');
        setTimeout(() => proxy.meet(() => 'pass'), 2_000);
        return outcomeOf(how => onOrder(node, orderId, anItem(), how));
      }),
    swallowed: () =>
      scenario(async ({ node, proxy }) => {
        const orders = await Promise.all([warmOrder(node), warmOrder(node)]);
        proxy.meet(() => 'swallow');
        const asked = [
          ...Array.from({ length: 20 }, () => outcomeOf(how => onOrder(node, orders[0], anItem(), how))),
          outcomeOf(how => onOrder(node, orders[1], anItem(), how)),
        ];
        const outcomes = await Promise.all(asked);
        proxy.meet(() => 'pass');
        return { outcomes, after: await outcomeOf(how => onOrder(node, orders[1], anItem(), how)) };
      }),
    swallowedAndCold: () =>
      scenario(async ({ node, proxy }) => {
        const orderId = await warmOrder(direct);
        proxy.meet(() => 'swallow');
        return outcomeOf(how => onOrder(node, orderId, anItem(), how));
      }),
    oneSwallowed: () =>
      scenario(async ({ node, proxy }) => {
        const [one, other] = await Promise.all([warmOrder(node), warmOrder(node)]);
        let swallowed = 0;
        proxy.meet(bytes => (isAppend(bytes) && swallowed++ === 0 ? 'swallow' : 'pass'));
        const stuck = outcomeOf(how => onOrder(node, one, anItem(), how));
        // Commands that wait at the same moment share its call.
        await eventually(() => expect(swallowed).toBeGreaterThan(0));
        const others: Outcome[] = [];
        for (let n = 0; n < 20; n++) others.push(await outcomeOf(how => onOrder(node, other, anItem(), how)));
        return { stuck: await stuck, others };
      }),
    keyUnderWay: () =>
      scenario(async ({ node, proxy }) => {
        const newcomer = newId('cus');
        proxy.meet(bytes => (/customer_keys"? WHERE/.test(bytes.toString('latin1')) ? 'swallow' : 'pass'));
        const command = { type: 'RegisterCustomer', customerId: newcomer, name: 'Ada', email: 'a@b' } as const;
        return outcomeOf(how => onCustomer(node, newcomer, command, how));
      }),
  };

  type Results = { [Name in keyof typeof scenarios]: Awaited<ReturnType<(typeof scenarios)[Name]>> };
  let results: Results;
  beforeAll(async () => {
    const entries = Object.entries(scenarios).map(async ([name, run]) => [name, await run()] as const);
    results = Object.fromEntries(await Promise.all(entries)) as Results;
  });
  afterAll(async () => {
    await Promise.all(distant.map(one => one.close()));
  });

  test('loses the database for good after it was sent has an unknown outcome, and a repeat settles it', async () => {
    const { answer, took, commandId, repeated } = results.lostForGood;
    expect(answer).toBeInstanceOf(OutcomeUnknownError);
    expect(took).toBeLessThan(bound);
    expect(repeated).toMatchObject({ type: 'accepted', version: 3, replayed: true });
    expect(await storedOf(commandId)).toBe(1);
  });

  test.each(['neverReached', 'neverReachedAndCold'] as const)(
    'never had a connection is not stored, and its caller gets UNAVAILABLE (%s)',
    async name => {
      const { answer, waited, took, commandId } = results[name];
      expect(answer).toBeInstanceOf(UnavailableError);
      expect(waited).toBeGreaterThan(commandTime - 1_000);
      expect(took).toBeLessThan(bound);
      expect(await storedOf(commandId)).toBe(0);
    },
  );

  test('gets the database back in time is executed, whether or not its stream was cached', async () => {
    expect(results.reachedInTime.answer).toMatchObject({ type: 'accepted', version: 3 });
    expect(await storedOf(results.reachedInTime.commandId)).toBe(1);
  });

  test('gets no answer from its connections is answered within its deadline, as are all commands that wait behind it', () => {
    for (const { answer, took } of results.swallowed.outcomes) {
      expect([OutcomeUnknownError, UnavailableError]).toContain(answer.constructor);
      expect(took).toBeLessThan(bound);
    }
    // The commands of the two streams that were sent; the others were not sent.
    const unknown = results.swallowed.outcomes.filter(({ answer }) => answer instanceof OutcomeUnknownError);
    expect(unknown).toHaveLength(2);
  });

  test('had connections without answers serves again as soon as possible', () => {
    expect(results.swallowed.after.answer).toMatchObject({ type: 'accepted' });
    expect(results.swallowed.after.took).toBeLessThan(5_000);
  });

  test.each(['swallowedAndCold', 'keyUnderWay'] as const)(
    'gets no answer to a read before the append is not stored, and its caller gets UNAVAILABLE in time (%s)',
    async name => {
      const { answer, took, commandId } = results[name];
      expect(answer).toBeInstanceOf(UnavailableError);
      expect(took).toBeLessThan(bound);
      expect(await storedOf(commandId)).toBe(0);
    },
  );

  test('loses one silent connection is executed on another one, and the other commands do not wait', async () => {
    const { stuck, others } = results.oneSwallowed;
    expect(stuck.answer).toMatchObject({ type: 'accepted', version: 3 });
    expect(stuck.took).toBeLessThan(6_000);
    expect(await storedOf(stuck.commandId)).toBe(1);
    expect(others.every(({ answer }) => !(answer instanceof Error) && answer.type === 'accepted')).toBe(true);
    expect(Math.max(...others.map(({ took }) => took))).toBeLessThan(2_000);
  });
});

test('the log has no fault after all of this', async () => {
  expect(await logFaults(direct.database)).toEqual([]);
});
