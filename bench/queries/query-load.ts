import { closedLoop, type Rate } from '../closed-loop.ts';
import { openRawCaller, type RawCaller } from '../raw-http.ts';
import { doJobs } from '../worker.ts';
import { peerOrderId } from './peer-orders.ts';

export interface QueryJob {
  readonly side: 'orderstream' | 'peer';
  readonly url: string;
  /** Only for our side: the baselines check no token. */
  readonly token: string | undefined;
  /** Ids of our orders; the baselines' orders are numbered. */
  readonly orderIds: readonly string[];
  readonly orders: number;
  readonly callers: number;
  readonly seconds: number;
  /** Query each order from one number up to another once; undefined: random orders, any number of times. */
  readonly once?: { readonly from: number; readonly to: number } | undefined;
}

const queries = {
  orderstream: `query ($id: ID!) { order(id: $id) {
    id status total { minorUnits } lines { id productName quantity subtotal { minorUnits } } } }`,
  peer: 'query ($id: ID!) { order(id: $id) { id status total lines { id productName quantity subtotal } } }',
};

doJobs<QueryJob, Rate>(async ({ side, url, token, orderIds, orders, callers, seconds, once }) => {
  const all = side === 'peer' ? Array.from({ length: orders }, (_, n) => peerOrderId(n)) : orderIds;
  const [before, after] = JSON.stringify({ query: queries[side], variables: { id: '|' } }).split('|') as [
    string,
    string,
  ];
  const open = await Promise.all(Array.from({ length: callers }, () => openRawCaller(url, token)));
  let next = once?.from ?? 0;
  const ask = (caller: RawCaller) => caller.post(`${before}${once ? all[next++] : oneOf(all)}${after}`);
  try {
    // The first response is checked completely; later ones only for being a response.
    for (const caller of open) assertWhole(await ask(caller));
    const callersOf = new Map(open.entries());
    return await closedLoop(callers, seconds, async number => {
      if (once && next >= once.to) return false;
      const caller = callersOf.get(number);
      const answer = caller && (await ask(caller));
      if (answer?.includes('"lines":[{') !== true) throw new Error(answer);
      return true;
    });
  } finally {
    for (const caller of open) caller.close();
  }
});

function assertWhole(answer: string): void {
  if ((answer.match(/"productName":/g) ?? []).length !== 5 || answer.includes('"errors"')) throw new Error(answer);
}

function oneOf(ids: readonly string[]): string {
  return ids[Math.floor(Math.random() * ids.length)] ?? '';
}
