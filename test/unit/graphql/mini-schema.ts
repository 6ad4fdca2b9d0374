import { type Position, startOfLog } from '../../../src/event-store/position.ts';
import { builder } from '../../../src/graphql/builder.ts';
import { codedError } from '../../../src/graphql/coded-error.ts';
import { declareRejectionReasons } from '../../../src/graphql/command-errors.ts';
import { connection, connectionType, type Page } from '../../../src/graphql/connection.ts';
import { viewerOf } from '../../../src/graphql/context.ts';
import { Node, registerNode } from '../../../src/graphql/node.ts';
import '../../../src/graphql/common-types.ts';
import '../../../src/graphql/viewer.ts';
import { pageArguments, pageRequest } from '../../../src/graphql/page-arguments.ts';
import { selectsField } from '../../../src/graphql/selected-fields.ts';
import type { Frame } from '../../../src/live/frame.ts';

// A schema for tests of the server, as small as possible, made by the builder that the slices use.

export interface Pebble {
  readonly pebbleId: string;
  readonly weight: number;
  readonly collectedAt: string;
}

export const position = (point: number): Position => ({ point, hash: 'abcdefabcdef' });

export const pebbles: readonly Pebble[] = ['a', 'b', 'c'].map((letter, index) => ({
  pebbleId: `pbl_00000000-0000-4000-8000-00000000000${letter}`,
  weight: (index + 1) * 10,
  collectedAt: `2026-11-21 09:30:0${index}.5+00`,
}));

export const Pebble = builder.objectRef<Pebble>('Pebble').implement({
  rule: 'as-parent',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ resolve: pebble => pebble.pebbleId }),
    weight: t.exposeInt('weight'),
    collectedAt: t.expose('collectedAt', { type: 'DateTime' }),
    provenance: t.string({ rule: 'staff', nullable: true, resolve: () => 'the beach' }),
  }),
});

registerNode('pbl', Pebble, (_context, id) => Promise.resolve(pebbles.find(({ pebbleId }) => pebbleId === id)));

const PebbleConnection = connectionType(Pebble);
const byWeight = { name: 'weight', value: 'integer' } as const;

/** The request of the last page that was read. */
export const lastRead: { request?: ReturnType<typeof pageRequest>; counted?: boolean } = {};

/** Makes the latest request for `failsLater` fail. */
export const later = { fail: (): void => undefined };

builder.queryFields(t => ({
  failsLater: t.string({
    rule: 'authenticated',
    nullable: true,
    resolve: () =>
      new Promise<string>((_resolve, reject) => {
        later.fail = () => reject(codedError('VIEW_LAGGING', 'Not yet.'));
      }),
  }),
  who: t.string({ rule: 'authenticated', resolve: (_root, _args, context) => viewerOf(context).subject }),
  forStaff: t.string({ rule: 'staff', nullable: true, resolve: () => 'the secret' }),
  pebbles: t.field({
    type: PebbleConnection,
    nullable: true,
    rule: 'authenticated',
    args: { ...pageArguments },
    resolve: (_root, args, context, info) => {
      lastRead.request = pageRequest(args, byWeight);
      lastRead.counted = selectsField(info, 'totalCount');
      const page: Page<Pebble> = {
        rows: pebbles.slice(0, lastRead.request.limit),
        hasNextPage: true,
        hasPreviousPage: false,
        totalCount: lastRead.counted ? pebbles.length : undefined,
        position: position(7),
      };
      return connection(context, page, byWeight, row => ({ value: row.weight, id: row.pebbleId }));
    },
  }),
  given: t.string({
    rule: 'authenticated',
    nullable: true,
    args: {
      at: t.arg({ type: 'DateTime' }),
      amount: t.arg({ type: 'Decimal' }),
      currency: t.arg({ type: 'CurrencyCode' }),
      count: t.arg({ type: 'SafeInt' }),
      key: t.arg({ type: 'IdempotencyKey' }),
      position: t.arg({ type: 'Position' }),
      number: t.arg.int(),
      required: t.arg.int({ required: true, defaultValue: 1 }),
    },
    resolve: (_root, args) => JSON.stringify(args),
  }),
  fails: t.string({
    rule: 'authenticated',
    nullable: true,
    resolve: () => {
      throw new Error('password=hunter2 at 10.0.0.7:5432');
    },
  }),
  tooGreat: t.int({ rule: 'authenticated', nullable: true, resolve: () => 2 ** 40 }),
  strange: t.field({ type: Node, rule: 'authenticated', nullable: true, resolve: () => ({}) }),
  refuses: t.string({
    rule: 'authenticated',
    nullable: true,
    resolve: () => {
      throw codedError('VIEW_LAGGING', 'Not yet.', { position: 'there' });
    },
  }),
  atLeast: t.int({
    rule: 'authenticated',
    nullable: true,
    resolve: (_root, _args, context) => context.atLeast?.point ?? null,
  }),
}));

/** Effects of the mutation, so that a test can check whether it was executed. */
export const touches: string[] = [];

builder.mutationField('touch', t =>
  t.string({
    rule: 'authenticated',
    args: { what: t.arg.string({ required: true }) },
    resolve: (_root, { what }, context) => {
      touches.push(what);
      context.responsePosition.read(position(3));
      context.responsePosition.reached(position(9));
      return what;
    },
  }),
);

/** Completes the latest `touchLater`. */
export const touching = { end: (): void => undefined };

builder.mutationField('touchLater', t =>
  t.string({
    rule: 'authenticated',
    args: { what: t.arg.string({ required: true }) },
    resolve: (_root, { what }) => {
      touches.push(what);
      return new Promise<string>(resolve => {
        touching.end = () => resolve(what);
      });
    },
  }),
);

/** A source that yields the frames of a test, and counts its calls. */
export class Source implements AsyncIterableIterator<Frame> {
  asked = 0;
  returned = 0;
  readonly #frames: (Frame | Error)[] = [];
  #taker: ((result: IteratorResult<Frame> | Promise<never>) => void) | undefined;

  give(...frames: (Frame | Error)[]): void {
    this.#frames.push(...frames);
    this.#hand();
  }

  next(): Promise<IteratorResult<Frame>> {
    this.asked++;
    return new Promise(resolve => {
      this.#taker = resolve;
      this.#hand();
    });
  }

  return(): Promise<IteratorResult<Frame>> {
    this.returned++;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #hand(): void {
    const frame = this.#taker && this.#frames.shift();
    if (frame === undefined) return;
    this.#taker?.(frame instanceof Error ? Promise.reject(frame) : { value: frame, done: false });
    this.#taker = undefined;
  }
}

/** What the next subscriber to `ticks` gets, and when. */
export const next: { source: Source; after?: Position | undefined; opening?: (() => Promise<void>) | undefined } = {
  source: new Source(),
};

/** Delays the next source until `open` is called. `requested` settles when a subscriber waits for it. */
export function openLater(): { readonly requested: Promise<void>; readonly open: () => void } {
  let [open, begin] = [(): void => undefined, (): void => undefined];
  const opened = new Promise<void>(resolve => (open = resolve));
  const requested = new Promise<void>(resolve => (begin = resolve));
  next.opening = () => {
    begin();
    return opened;
  };
  return {
    requested,
    open: () => {
      next.opening = undefined;
      open();
    },
  };
}

export const tick = (point: number, kind: Frame['kind'] = 'UPDATE'): Frame => ({ kind, position: position(point) });

builder.subscriptionField('ticks', t =>
  t.field({
    type: 'Int',
    rule: 'authenticated',
    args: { missing: t.arg.boolean() },
    subscribe: async (_root, { missing }, context) => {
      if (missing === true) throw codedError('NOT_FOUND', 'There is no such clock.');
      next.after = context.after;
      await next.opening?.();
      return next.source;
    },
    resolve: frame => {
      if (frame.position.point === 13) throw new Error('password=hunter2');
      return frame.position.point;
    },
  }),
);

builder.subscriptionField('roleTicks', t =>
  t.field({
    type: 'Int',
    rule: 'authenticated',
    sharing: 'role',
    args: { after: t.arg({ type: 'Position' }), step: t.arg.int() },
    subscribe: () => next.source,
    resolve: frame => frame.position.point,
  }),
);

/** The same, but its resolver returns a promise. */
builder.subscriptionField('slowTicks', t =>
  t.field({
    type: 'Int',
    rule: 'authenticated',
    sharing: 'role',
    subscribe: () => next.source,
    resolve: frame => Promise.resolve(frame.position.point),
  }),
);

/** Called by the resolver of `troubledTicks`, so that a test can make it fail. */
export const trouble: { meet: () => void } = { meet: () => undefined };

builder.subscriptionField('troubledTicks', t =>
  t.field({
    type: 'Int',
    rule: 'authenticated',
    sharing: 'role',
    nullable: true,
    subscribe: () => next.source,
    resolve: frame => {
      trouble.meet();
      return frame.position.point;
    },
  }),
);

/** Wrongly declared as the same for every staff member. */
builder.subscriptionField('wrongTicks', t =>
  t.string({
    rule: 'authenticated',
    sharing: 'role',
    subscribe: () => next.source,
    resolve: (_frame, _args, context) => viewerOf(context).subject,
  }),
);

builder.subscriptionField('staffTicks', t =>
  t.field({ type: 'Int', rule: 'staff', subscribe: () => next.source, resolve: frame => frame.position.point }),
);

/** The reasons of its rejections. */
export const pebbleReasons = { TOO_MANY_LINES: 'There are too many lines.' };
declareRejectionReasons([{ reasons: pebbleReasons }]);

export const schema = builder.toSchema();
export { startOfLog };
