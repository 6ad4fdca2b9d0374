import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Judge, openJudge } from './judge.ts';
import type { Observed, ShownBoard } from './observed.ts';

/** A board in a tab of the browser. */
export interface BoardPage {
  readonly page: Page;
  readonly judge: Judge;
  readonly devTools: CDPSession;
  /** What is on the screen now. */
  shown(): Promise<ShownBoard>;
  /** Clicks the first element that matches. @returns whether there was one */
  press(selector: string): Promise<boolean>;
  /** Fills in the login form. @returns whether there was one */
  signIn(viewer: string): Promise<boolean>;
}

/** Only a guard against a page that never shows its board, ms. */
const patienceMs = 60_000;

/** Opens the tabs of one browser context, which share their storage. */
export interface BoardTabs {
  readonly all: readonly BoardPage[];
  /** Opens the board, signs in if no one is, and waits until it is live. */
  open(viewer: string): Promise<BoardPage>;
}

/** @param observer the script for the pages; @param url of the board */
export async function openTabs(context: BrowserContext, observer: string, url: string): Promise<BoardTabs> {
  const tabs = new Map<Page, BoardPage>();
  await context.exposeBinding('orderstreamSaw', ({ page }, observed: string) => {
    tabs.get(page)?.judge.take(JSON.parse(observed) as Observed);
  });
  await context.addInitScript({ content: observer });
  return {
    get all() {
      return [...tabs.values()];
    },
    open: async viewer => {
      const page = await context.newPage();
      const tab = await boardPage(page);
      tabs.set(page, tab);
      page.on('close', () => tabs.delete(page));
      await page.goto(url);
      await until(`${url} does not show its board`, async () => {
        const { state } = await tab.shown();
        if (state === undefined) await tab.signIn(viewer);
        return state === 'live';
      });
      return tab;
    },
  };
}

async function boardPage(page: Page): Promise<BoardPage> {
  return {
    page,
    judge: openJudge(),
    devTools: await page.context().newCDPSession(page),
    shown: () => page.evaluate('orderstreamBoard()'),
    press: selector => page.evaluate(`orderstreamPress(${JSON.stringify(selector)})`),
    signIn: viewer => page.evaluate(`orderstreamSignIn(${JSON.stringify(viewer)})`),
  };
}

/** Waits until `reached` resolves with true. @throws with `what` if it does not in `milliseconds` */
export async function until(
  what: string,
  reached: () => boolean | Promise<boolean>,
  milliseconds = patienceMs,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error(what);
    await sleep(20);
  }
}
