import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Pages of the console in a context of their own, and everything that they must not do. */
export interface ConsolePages {
  /** @param role of the role switch in development */
  open(path?: string, options?: { role?: string; width?: number; theme?: 'light' | 'dark' }): Promise<Page>;
  /** Closes them. @throws if one of them had an error, asked another host, or broke its policy */
  close(): Promise<void>;
}

/**
 * @param url of the server's root
 * @param expected errors that the browser prints because a test asks for them
 */
export async function consolePages(browser: Browser, url: string, expected?: RegExp): Promise<ConsolePages> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const complaints: string[] = [];
  const { host } = new URL(url);
  await context.addInitScript(`addEventListener('securitypolicyviolation', event =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`);
  context.on('page', page => {
    const asked = (address: string) => {
      if (new URL(address).host !== host) complaints.push(`asked ${address}`);
      if (/eyJ/.test(address)) complaints.push(`a token in ${address}`);
    };
    page.on('request', request => {
      asked(request.url());
    });
    page.on('websocket', socket => {
      asked(socket.url());
    });
    page.on('console', message => {
      if (message.type() === 'error' && !expected?.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(String(error)));
  });
  return {
    async open(path = '/', { role, width, theme } = {}) {
      const page = await context.newPage();
      if (width !== undefined) await page.setViewportSize({ width, height: 900 });
      if (theme) await page.emulateMedia({ colorScheme: theme });
      if (role !== undefined) await page.addInitScript(`sessionStorage.setItem('orderstream role', '${role}')`);
      await page.goto(url + path);
      return page;
    },
    async close() {
      for (const page of context.pages()) {
        const stored = await page.evaluate<string>('JSON.stringify(localStorage)');
        if (stored.includes('eyJ')) complaints.push('a token in localStorage');
      }
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
}
