// The dashboard in a real browser: Chromium of this machine, a page with everything written down that must not happen.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildDashboard } from '../../.config/build-dashboard.ts';

/** Where Chromium is; `undefined` = there is none, and the tests of the browser are left out. */
export const chromiumAt = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && existsSync(path));

/** Why the tests of the browser are left out. */
export const NO_CHROMIUM = 'needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it';

/** A page that was opened. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of the page and its console, and what its policy stopped; empty when all is well. */
  readonly problems: string[];
  /** Addresses asked for that are not the gateway's. */
  readonly foreign: string[];
  /** What `alert` and the like said. */
  readonly dialogs: string[];
}

/** Builds the dashboard if need be and starts the browser. */
export async function startBrowser(): Promise<Browser> {
  await buildDashboard();
  // The sandbox of Chromium does not work for root, which containers are.
  return chromium.launch({ executablePath: chromiumAt as string, args: ['--no-sandbox'] });
}

/** Replies with an error are told by the browser itself; the page shows them in its own words. */
const EXPECTED = /^Failed to load resource/;

/** Opens a page of the dashboard in a browser of its own. */
export async function openDashboard(
  browser: Browser,
  url: string,
  path = '',
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const [problems, foreign, dialogs]: string[][] = [[], [], []];
  page.on('pageerror', (error) => problems?.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) problems?.push(message.text());
  });
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(`${url}/`) && !address.startsWith('blob:')) foreign?.push(address);
  });
  page.on('dialog', (dialog) => {
    dialogs?.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(`${url}/dashboard${path}`);
  return { page, problems: problems ?? [], foreign: foreign ?? [], dialogs: dialogs ?? [] };
}

/** Runs a script of the page. Why as text: the tests are compiled without the names of a browser. */
export const inPage = <Value>(page: Page, script: string): Promise<Value> => page.evaluate(script) as Promise<Value>;

/** How much wider than the window the page is. */
export const overflow = (page: Page): Promise<number> =>
  inPage(page, 'document.documentElement.scrollWidth - innerWidth');

/** Goes to a page by the navigation. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** What comes to be true within a time in which a page has asked the gateway again. */
export const soon = <Value>(value: () => Value | Promise<Value>) => expect.poll(value, { timeout: 20_000 });
