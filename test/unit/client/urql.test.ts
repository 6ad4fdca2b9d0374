import { Client, type SubscriptionForwarder, subscriptionExchange } from '@urql/core';
import { expect, test } from 'vitest';
import { orderstreamExchange } from '../../../src/client/urql.ts';
import { eventually } from '../../support/eventually.ts';

type Observer = Parameters<ReturnType<SubscriptionForwarder>['subscribe']>[0];

const at = (point: number) => `${point}`.padStart(13, '0') + '-aaaaaaaaaaaa';
const frame = (point: number) => ({ data: { at: point }, extensions: { position: at(point), kind: 'UPDATE' } });
const failed = (point: number, code: string) => ({
  ...frame(point),
  data: null,
  errors: [{ message: code, extensions: { code } }],
});

/** @param say what a server sends to each subscription, which it does not end by itself */
function watching(say: (observer: Observer, time: number) => void) {
  const asked: unknown[] = [];
  const taken: unknown[] = [];
  let open = 0;
  const forwardSubscription: SubscriptionForwarder = ({ extensions }) => ({
    subscribe(observer) {
      open++;
      asked.push(extensions?.['after']);
      say(observer, asked.length);
      return { unsubscribe: () => open-- };
    },
  });
  const exchanges = [orderstreamExchange(), subscriptionExchange({ forwardSubscription })];
  const client = new Client({ url: 'http://127.0.0.1/', preferGetMethod: false, exchanges });
  const watch = client
    .subscription('subscription { live }', {})
    .subscribe(({ extensions }) => taken.push(extensions?.['position']));
  return { asked, taken, open: () => open, unsubscribe: () => watch.unsubscribe() };
}

test('a subscription with one failed frame is ended, and resumed from the frame before', async () => {
  const { asked, taken, open, unsubscribe } = watching((observer, time) =>
    setImmediate(() => {
      if (time > 1) return observer.next(frame(5));
      observer.next(frame(4));
      observer.next(failed(5, 'UNAVAILABLE'));
    }),
  );
  await eventually(() => expect(taken).toEqual([at(4), at(5)]));
  expect(asked).toEqual([undefined, at(4)]);
  expect(open()).toBe(1);
  unsubscribe();
  expect(open()).toBe(0);
});

test('a subscription that ended while the database was down is resumed', async () => {
  const { asked, taken, unsubscribe } = watching((observer, time) =>
    setImmediate(() => {
      if (time > 1) return observer.next(frame(5));
      observer.next(frame(4));
      observer.next({ errors: failed(5, 'UNAVAILABLE').errors });
      observer.complete();
    }),
  );
  await eventually(() => expect(taken).toEqual([at(4), at(5)]));
  expect(asked).toEqual([undefined, at(4)]);
  unsubscribe();
});

test('a frame that always fails does not hold back later ones, although urql adds its errors to them', async () => {
  let live: Observer | undefined;
  const { asked, taken, unsubscribe } = watching((observer, time) =>
    setImmediate(() => {
      if (time > 1) return observer.next(frame(7));
      live = observer;
      for (const one of [frame(4), failed(5, 'INTERNAL'), frame(6)]) observer.next(one);
    }),
  );
  await eventually(() => expect(taken).toEqual([at(4), at(5), at(6)]));
  live!.next(failed(7, 'UNAVAILABLE'));
  await eventually(() => expect(asked).toEqual([undefined, at(6)]));
  unsubscribe();
});
