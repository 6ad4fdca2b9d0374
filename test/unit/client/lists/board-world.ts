import { parse } from 'graphql';
import { vi } from 'vitest';
import { withEntityFields } from '../../../../src/client/entity-fields.ts';
import type { createLiveBoard, LiveBoard } from '../../../../src/client/live-board.ts';
import { OperationError } from '../../../../src/client/operation-error.ts';
import type { Overlay } from '../../../../src/client/overlays.ts';
import type { OrderStatus } from '../../../../src/client/list-documents.ts';
import type { Step, World } from './interleavings.ts';
import { columns, type ExpectedStatus, type Name, names, ShownStates } from './shown-states.ts';
import { ModelOperations } from './model-operations.ts';
import { customerId, orderId, OrderLog, type OrderState, time } from './order-log.ts';

export const fragment = parse('fragment Card on Order { number status total { amount } customer { id name } }');

/** As few fields as a command may select, and as many as the board's fragment has. */
const fewFields = 'status';
const allFields = 'number status createdAt updatedAt total { amount minorUnits currency } customer { id name }';
const answerOf = (fields: string) =>
  withEntityFields(
    parse(
      `mutation { submitOrder(input: { orderId: "" }) { ... on OrderCommandPayload { orderId version position order { ${fields} } } } }`,
    ),
  );
const [few, all] = [answerOf(fewFields), answerOf(allFields)];

/** A command of this tab. */
interface Command extends ExpectedStatus {
  readonly id: string;
  readonly overlay: Overlay;
}

/** A board in a world whose steps come in any order, and what must be true of it after each. */
export class BoardWorld {
  readonly world: World;
  readonly operations = new ModelOperations();
  readonly board: LiveBoard<Record<string, unknown>, Name>;
  readonly filter: { readonly productId?: string };
  readonly wanted: Record<Name, number>;
  #commands: Command[] = [];
  readonly #shown = new ShownStates();
  #orders = 0;
  #changes = 0;

  constructor(world: World, create: typeof createLiveBoard) {
    this.world = world;
    const { orderBy, pageSize, isFiltered, isOfCustomer, orders } = world;
    this.filter = isFiltered ? { productId: 'prd_00000000-0000-4000-8000-000000000001' } : {};
    this.wanted = { new: pageSize, open: pageSize, sent: pageSize };
    if (isOfCustomer) this.operations.viewer = `customer ${customerId}`;
    for (let number = 0; number < orders; number++) this.#create('DRAFT', number % 4 > 0, number % 3);
    this.board = create<Record<string, unknown>, Name>(this.operations, {
      fragment,
      columns,
      filter: this.filter,
      orderBy,
      pageSize,
    });
    this.board.subscribe(() => this.#shown.check(this.board.current, this.operations));
  }

  async run(): Promise<void> {
    for (const step of this.world.steps) {
      await this.#do(step);
      if (this.#shown.failure) throw this.#shown.failure;
    }
    await this.#rest();
    if (this.#shown.failure) throw this.#shown.failure;
    this.#checkRest();
  }

  async #do(step: Step): Promise<void> {
    const { operations } = this;
    const [subscription] = operations.subscriptions;
    const query = 'which' in step ? operations.queries[step.which % operations.queries.length] : undefined;
    const command = 'which' in step ? this.#commands[step.which % this.#commands.length] : undefined;
    switch (step.do) {
      case 'create':
        this.#create(step.status, step.isFound, step.total);
        break;
      case 'move':
        this.#change(step.order, { status: step.status });
        break;
      case 'price':
        this.#change(step.order, { total: step.total });
        break;
      case 'find':
        this.#change(step.order, { isFound: step.isFound });
        break;
      case 'send':
        if (subscription) operations.send(subscription);
        break;
      case 'progress':
        if (subscription) operations.sendProgress(subscription);
        break;
      case 'deliver':
        for (let left = step.count; subscription && left > 0; left--) operations.deliver(subscription);
        break;
      case 'answer':
        if (query)
          query.answer(Math.max(step.isTooOld ? 0 : query.floor, operations.log.point - step.lag), step.spread);
        break;
      case 'race': {
        const before = operations.log.point;
        this.#change(step.order, { isFound: step.isFound });
        if (step.isFrameFirst) this.#arrive();
        query?.answer(Math.max(query.floor, before));
        this.#arrive();
        break;
      }
      case 'outdated': {
        const before = operations.log.point;
        this.#change(step.order, { isFound: step.isFound });
        this.#arrive();
        await vi.advanceTimersByTimeAsync(0);
        this.#loadMore(names[step.column]!);
        await vi.advanceTimersByTimeAsync(0);
        operations.queries.at(-1)?.answer(before);
        break;
      }
      case 'fail':
        query?.fail(step.code);
        break;
      case 'cut':
        if (subscription) {
          operations.subscriptions.delete(subscription);
          subscription.sink.error(new OperationError(step.code, 'cut'));
        }
        break;
      case 'more':
        this.#loadMore(names[step.column]!);
        break;
      case 'optimistic':
        this.#optimistic(orderId(step.order), step.status, { status: step.status });
        break;
      case 'draft':
        this.#optimistic(orderId(this.#orders++), 'DRAFT', {
          __typename: 'Order',
          id: orderId(this.#orders - 1),
          number: 'new',
          status: 'DRAFT',
          createdAt: time(Math.floor(this.#changes / 3)),
          updatedAt: time(Math.floor(this.#changes / 3)),
          total: { amount: '0', minorUnits: 0, currency: 'EUR' },
          customer: { id: customerId, name: 'Zoë' },
        });
        break;
      case 'execute':
        if (command) this.#execute(command);
        break;
      case 'reply':
        if (command) this.#reply(command, step.isWhole);
        break;
      case 'refuse':
        if (command) this.#refuse(command);
        break;
      case 'restore':
        this.#restore(step.orders);
        break;
      case 'wait':
        await vi.advanceTimersByTimeAsync(0);
        break;
    }
  }

  /** All changes arrive. */
  #arrive(): void {
    for (const subscription of this.operations.subscriptions) {
      this.operations.send(subscription);
      while (subscription.frames.length > 0) this.operations.deliver(subscription);
    }
  }

  #create(status: OrderStatus, isFound: boolean, total: number, id = orderId(this.#orders++)): OrderState {
    const createdAt = time(Math.floor(++this.#changes / 3));
    return this.operations.log.append({ id, status, isFound, total, createdAt, updatedAt: createdAt });
  }

  #change(number: number, change: Partial<OrderState>, id = orderId(number)): OrderState | undefined {
    const { log } = this.operations;
    if (!log.ordersAt(log.point).has(id)) return undefined;
    return log.append({ id, ...change, updatedAt: time(Math.floor(++this.#changes / 3)) });
  }

  #loadMore(name: Name): void {
    const { status, columns: shown } = this.board.current;
    const { hasMore, isLoading } = shown[name];
    if (status !== 'loading' && this.operations.subscriptions.size > 0 && hasMore && !isLoading) {
      this.wanted[name] += this.world.pageSize;
    }
    this.board.loadMore(name);
  }

  #optimistic(id: string, status: OrderStatus, fields: Record<string, unknown>): void {
    const isKnown = this.operations.log.ordersAt(this.operations.log.point).has(id);
    // Of two commands for one order, the queue sends the second one after the first.
    if (this.#commands.some(command => command.id === id) || this.#shown.expected.has(id)) return;
    if (!isKnown && fields['id'] === undefined) return;
    const command: Command = { id, status, overlay: this.operations.overlays.add(`Order:${id}`, fields) };
    this.#commands.push(command);
    this.#shown.expected.set(id, command);
  }

  #execute(command: Command): void {
    if (command.made) return;
    const made = this.#change(0, { status: command.status }, command.id);
    command.made = made ?? this.#create(command.status, true, 0, command.id);
  }

  #reply(command: Command, isWhole: boolean): void {
    if (!command.made) return;
    const { log } = this.operations;
    const order = log.orderOf(command.made);
    const position = log.positionAt(command.made.point);
    const { version } = command.made;
    this.operations.admit(isWhole ? all : few, {
      submitOrder: { __typename: 'OrderCommandPayload', orderId: command.id, version, position, order },
    });
    command.overlay.confirm(position);
    this.#commands = this.#commands.filter(one => one !== command);
  }

  #refuse(command: Command): void {
    if (command.made) return;
    this.#shown.expected.delete(command.id);
    this.#commands = this.#commands.filter(one => one !== command);
    command.overlay.withdraw();
  }

  #restore(orders: number): void {
    this.operations.log = new OrderLog(this.operations.log.generation + 1);
    for (const command of [...this.#commands]) command.overlay.withdraw();
    this.#commands = [];
    this.#shown.expected.clear();
    for (let number = 0; number < orders; number++) this.#create('SUBMITTED', true, number, orderId(number));
    this.#orders = Math.max(this.#orders, orders);
  }

  /** Nothing changes any more, and everything arrives. */
  async #rest(): Promise<void> {
    const { operations } = this;
    for (let quiet = 0, rounds = 0; quiet < 3; rounds++) {
      if (rounds > 200) throw new Error('The board does not come to rest.');
      const before = operations.sent;
      for (const command of [...this.#commands]) {
        this.#execute(command);
        this.#reply(command, false);
      }
      for (const query of [...operations.queries]) query.answer();
      this.#arrive();
      if (this.board.current.status === 'error') this.board.retry();
      await vi.advanceTimersByTimeAsync(20_000);
      quiet = operations.sent === before ? quiet + 1 : 0;
    }
  }

  #checkRest(): void {
    const { operations, world, board } = this;
    const { log } = operations;
    const { status, error, position, columns: shown } = board.current;
    const state = (some: object) => JSON.stringify(some);
    const expect = (what: string, got: object, wanted: object) => {
      if (state(got) !== state(wanted)) throw new Error(`${what} at rest:\n  ${state(got)}\n  ${state(wanted)}`);
    };
    expect('status', { status, error }, { status: 'live', error: undefined });
    expect('number of subscriptions', [operations.subscriptions.size], [1]);
    if (position !== undefined && position > log.positionAt(log.point)) throw new Error('The position is of no log.');
    for (const name of names) {
      const list = log.listAt(log.point, {
        filter: { ...this.filter, statusIn: columns[name] },
        orderBy: world.orderBy,
      });
      const first = list.slice(0, this.wanted[name]);
      const { rows, hasMore, isLoading } = shown[name];
      expect(
        `column ${name}`,
        rows.map(row => [row['id'], row['version'], row['status'], (row['total'] as { amount: string }).amount]),
        first.map(row => [row.id, row.version, row.status, String(row.total)]),
      );
      expect(`hasMore of ${name}`, { hasMore, isLoading }, { hasMore: list.length > first.length, isLoading: false });
    }
  }
}
