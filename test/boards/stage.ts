import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext } from 'playwright-core';
import { differences } from './at-rest.ts';
import { type BoardPage, type BoardTabs, openTabs, until } from './board-page.ts';
import { asked, type ChangedOrder, command } from './commands.ts';
import { type Front, openFront } from './front.ts';
import { orderDocument, startTraffic, type Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** A built board. */
export interface Board {
  readonly name: string;
  /** The folder of its files. */
  readonly folder: string;
}

export interface StageOptions {
  readonly browser: Browser;
  /** The script that observes pages. */
  readonly observer: string;
  readonly board: Board;
  readonly world: World;
  /** Commands a second of other people. */
  readonly rate: number;
  /** How long tokens are valid. */
  readonly tokenSeconds?: number | undefined;
}

/** One board in a browser of its own storage, while orders change. */
export interface Stage {
  readonly world: World;
  readonly front: Front;
  readonly context: BrowserContext;
  readonly tabs: BoardTabs;
  /** The first tab. */
  readonly tab: BoardPage;
  readonly traffic: Traffic;
  /** Time from each cut's end (or silence's start) to the first board that was right again, ms, by what was cut. */
  readonly recoveries: Recovery[];
  /** The viewer of the first tab. */
  viewer: string;
  /** While it is false, the person at the page clicks nothing. */
  clicking: boolean;
  /** Measures how long after `sinceMs` the board shows a command of now. @param barMs the longest time allowed */
  recover(sinceMs: number, barMs: number): Promise<void>;
  /** Ends the commands and waits until the boards are right. @returns what is still wrong after that time */
  rest(milliseconds: number): Promise<string[]>;
  close(): Promise<void>;
}

export interface Recovery {
  readonly ms: number;
  readonly barMs: number;
}

/** Only a guard against a board that does not recover, ms. */
const recoveryLimitMs = 60_000;
/** Pause between two clicks of the person at the page, ms. */
const clickEveryMs = 400;

export async function openStage(options: StageOptions): Promise<Stage> {
  const { browser, observer, board, world, rate, tokenSeconds = 3_600 } = options;
  const front = await openFront(board.folder, world.url, tokenSeconds);
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  const tabs = await openTabs(context, observer, front.url);
  const tab = await tabs.open('staff');
  const traffic = await startTraffic(() => world.url, world.seed, rate);
  const recoveries: Recovery[] = [];
  let open = true;

  /** Changes the probe. @returns its version, and when it was stored at the latest */
  async function changeProbe(): Promise<{ version: number; atMs: number }> {
    const { probe: id } = world.seed;
    const { order } = await asked<{ order: ChangedOrder }>(() => world.url, orderDocument, { id });
    const [line] = order.lines;
    const input = { orderId: id, lineId: line!.id, quantity: 1 + (line!.quantity % 9) };
    const changed = await command(() => world.url, 'changeOrderItemQuantity', input);
    return { version: changed!.version, atMs: Date.now() };
  }

  async function person(): Promise<void> {
    for (let click = 0; open; click++) {
      await sleep(clickEveryMs);
      if (stage.clicking) await clickSomething(tab, traffic, click).catch(() => undefined);
    }
  }

  const stage: Stage = {
    world,
    front,
    context,
    tabs,
    tab,
    traffic,
    recoveries,
    viewer: 'staff',
    clicking: true,
    recover: async (sinceMs, barMs) => {
      const { version, atMs } = await changeProbe();
      const times = tabs.all.map(async ({ judge }) => {
        const shownAt = () => judge.shownAt(world.seed.probe, version);
        await until('', () => shownAt() !== undefined, recoveryLimitMs).catch(() => undefined);
        return shownAt() ?? Infinity;
      });
      const shownMs = Math.max(...(await Promise.all(times)));
      recoveries.push({ ms: Math.max(0, shownMs - Math.max(sinceMs, atMs)), barMs });
    },
    rest: async milliseconds => {
      stage.clicking = false;
      await traffic.stop();
      let wrong: string[] = [];
      const customerId = stage.viewer === 'staff' ? undefined : stage.viewer;
      await until(
        '',
        async () => {
          const boards = await Promise.all(tabs.all.map(one => one.shown()));
          wrong = (await Promise.all(boards.map(one => differences(one, () => world.url, customerId)))).flat();
          return wrong.length === 0;
        },
        milliseconds,
      ).catch(() => undefined);
      return wrong;
    },
    close: async () => {
      open = false;
      await clicks;
      await traffic.stop();
      await context.close();
      await front.close();
    },
  };
  const clicks = person();
  return stage;
}

/** As staff does at the board: confirms, ships and delivers orders, and looks at more of them. */
async function clickSomething(tab: BoardPage, traffic: Traffic, click: number): Promise<void> {
  if (click % 10 === 9) {
    await tab.press('button[data-action="more"]');
    return;
  }
  const name = ['confirmOrder', 'shipOrder', 'deliverOrder'][click % 3]!;
  const cards = [...tab.judge.cards.values()].filter(({ status }) => status === statusFor[name]);
  const card = cards[Math.floor(Math.random() * cards.length)];
  if (card === undefined) return;
  const pressed = await tab.press(`[data-order-id="${card.id}"] button[data-command="${name}"]`);
  // Its answer must not replace what this other person did.
  if (pressed && name === 'confirmOrder') traffic.follow(card.id);
}

const statusFor: Readonly<Record<string, string>> = {
  confirmOrder: 'SUBMITTED',
  shipOrder: 'CONFIRMED',
  deliverOrder: 'SHIPPED',
};
