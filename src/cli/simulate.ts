// npm run simulate -- --rate 5: simulated customers and staff place and process orders through the public API.
import type { Deed } from '../simulation/choose-deed.ts';
import { openShop } from '../simulation/open-shop.ts';
import { viewer } from '../simulation/operations.ts';
import { simulate, type Summary } from '../simulation/simulation.ts';
import { StartError } from '../start-error.ts';
import { runCommand } from './command-line.ts';
import { onInterrupt } from './on-interrupt.ts';
import { counted } from './progress.ts';
import { jsonOption, printReport, sideLine } from './report.ts';
import { serverUrl, usualUrl } from './server-url.ts';
import { type Api, openApi } from './simulate/api.ts';
import { peopleOf, type Viewer } from './simulate/people.ts';

const command = {
  usage: `npm run simulate -- [--rate 5] [--for SECONDS] [--url ${usualUrl}]`,
  about: `Simulates customers and staff who place, change, submit, ship and cancel orders through the API of a running server,
until Ctrl-C.

  --rate     commands per second; default: 5
  --for      seconds until it ends; default: until Ctrl-C
  --url      the server's GraphQL endpoint

Tokens are signed with AUTH_JWT_SECRET (and AUTH_ISSUER, AUTH_AUDIENCE), or else with the development key. To use your
own tokens, set STAFF_TOKEN and CUSTOMER_TOKEN.`,
  options: {
    rate: { type: 'string', default: '5' },
    for: { type: 'string' },
    url: { type: 'string', default: usualUrl },
    ...jsonOption,
  },
} as const;
const maxRate = 1_000;
const maxSeconds = 86_400;

interface Options {
  /** Commands a second. */
  readonly rate: number;
  /** Undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  readonly url: string;
  readonly json: boolean | undefined;
}

async function run({ rate, seconds, url, json }: Options): Promise<number> {
  const end = onInterrupt();
  const print = sideLine(json);
  const api = openApi(url, end.signal, print);
  const people = await peopleOf(
    process.env,
    async person => (await api.ask<{ viewer: Viewer }>(person, viewer)).viewer,
  );
  const products = await openShop(api, people);
  print(`${rate} commands per second at ${url}, ${seconds === undefined ? 'until Ctrl-C' : `for ${seconds} s`}`);
  const start = performance.now();
  const timer = seconds === undefined ? undefined : setTimeout(() => end.abort(), seconds * 1_000);
  const summary = await simulate({ api, people, products, rate, signal: end.signal, print }).finally(() => {
    clearTimeout(timer);
  });
  const ran = (performance.now() - start) / 1_000;
  print(sentenceOf(summary, api, ran));
  return json ? printReport({ ok: true, lines: [], value: valueOf(summary, api, ran) }, true) : 0;
}

function optionsOf(values: {
  rate: string;
  for?: string | undefined;
  url: string;
  json?: boolean | undefined;
}): Options {
  return {
    rate: numberOf('--rate', values.rate, maxRate),
    seconds: values.for === undefined ? undefined : numberOf('--for', values.for, maxSeconds),
    url: serverUrl(values.url),
    json: values.json,
  };
}

function numberOf(option: string, text: string, max: number): number {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number > 0 && number <= max) return number;
  throw new StartError(`${option} ${text}: it must be a number above 0, at most ${max}, like ${option} 5`);
}

const words: readonly (readonly [Deed['type'], string])[] = [
  ['create', 'orders started'],
  ['submit', 'submitted'],
  ['confirm', 'confirmed'],
  ['ship', 'shipped'],
  ['deliver', 'delivered'],
  ['cancel', 'cancelled'],
];

function sentenceOf({ done, rejected, unanswered }: Summary, api: Api, seconds: number): string {
  const commands = [...done.values()].reduce((sum, count) => sum + count, 0);
  const orders = words.map(([type, word]) => `${counted(done.get(type) ?? 0)} ${word}`);
  const rate = (commands / Math.max(seconds, 0.001)).toFixed(1);
  const rest = [
    `${counted(rejected)} rejected`,
    `${counted(api.repeats)} sent again`,
    ...(unanswered > 0 ? [`${counted(unanswered)} without an answer at the end`] : []),
  ];
  return `${counted(commands, 'command')} in ${seconds.toFixed(1)} s (${rate}/s): ${orders.join(', ')}; ${rest.join(', ')}`;
}

function valueOf({ done, rejected, unanswered }: Summary, { repeats }: Api, seconds: number): object {
  const count = (type: Deed['type']) => done.get(type) ?? 0;
  return {
    seconds,
    commands: [...done.values()].reduce((sum, more) => sum + more, 0),
    orders: Object.fromEntries(words.map(([type]) => [type, count(type)])),
    rejected,
    repeats,
    unanswered,
  };
}

await runCommand(command, ({ values }) => run(optionsOf(values)));
