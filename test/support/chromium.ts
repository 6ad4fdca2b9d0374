import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';
import { installedProgram } from './installed-program.ts';
import { noteOpen } from './left-open.ts';

const path = process.env['TEST_CHROMIUM'] ?? installedProgram('chromium', 'chromium-browser', 'google-chrome');
const howToRun = 'needs Chromium: put chromium on PATH, or set TEST_CHROMIUM to its path';

/** `describe` for a suite that needs a browser. Without a browser it is skipped, and its name says how to run it. */
export function describeWithChromium(name: string, suite: () => void): void {
  describe.skipIf(path === undefined)(path === undefined ? `${name} (${howToRun})` : name, suite);
}

/** A real browser that can reach only this machine. */
export async function launchChromium(): Promise<Browser> {
  if (path === undefined) throw new Error(`This suite ${howToRun}; declare it with describeWithChromium`);
  const browser = await chromium.launch({
    executablePath: path,
    args: [
      '--no-sandbox', // root cannot start it with a sandbox
      '--disable-background-networking',
      '--disable-component-update',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
  const note = noteOpen('Chromium', () => browser.close());
  browser.on('disconnected', note.closed);
  return browser;
}
