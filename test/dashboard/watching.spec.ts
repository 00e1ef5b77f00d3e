// The dashboard in Chromium: figures and charts that move under load, calls with why, usage, a lost connection, signing in.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import {
  chromiumAt,
  goTo,
  inPage,
  NO_CHROMIUM,
  type OpenPage,
  openDashboard,
  soon,
  startBrowser,
} from '../support/dashboard.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../support/gateway.ts';

/** What a chart shows now, as text that changes with its pixels. */
const drawn = (page: Page, chart: number): Promise<string> =>
  inPage(page, `document.querySelectorAll('.chart canvas')[${chart}].toDataURL()`);

/** Waits until a chart shows nothing of before any more. */
const colours = (page: Page, chart: number): Promise<number> =>
  inPage(
    page,
    `(() => {
      const canvas = document.querySelectorAll('.chart canvas')[${chart}];
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, a] = data.slice(i, i + 4);
        if (a > 128 && Math.max(r, g, b) - Math.min(r, g, b) > 80) coloured += 1;
      }
      return coloured;
    })()`,
  );

describe.skipIf(!chromiumAt)(
  `watching the gateway in the dashboard (${chromiumAt ? 'Chromium' : NO_CHROMIUM})`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let good: FaultServer;
    let bad: FaultServer;
    let gateway: TestGateway;
    let open: OpenPage;
    beforeAll(async () => {
      browser = await startBrowser();
      good = await faultServer({ name: 'good' });
      bad = await faultServer({ name: 'bad', script: () => 500 });
    });
    afterAll(async () => {
      await browser?.close();
      await Promise.all([good?.close(), bad?.close()]);
    });
    const begin = async (configuration: object, path = '') => {
      gateway = await gatewayWith(configuration);
      open = await openDashboard(browser, gateway.url, path);
      return open.page;
    };
    afterEach(async () => {
      await open.page.context().close();
      await gateway[Symbol.asyncDispose]();
      expect([open.problems, open.foreign, open.dialogs]).toEqual([[], [], []]);
    });
    const call = async (model = 'gpt-5', more: object = {}) => {
      const reply = await gateway.get('/v1/chat/completions', chat(model, more));
      await reply.text();
      return reply.status;
    };

    it('moves its charts and figures as calls are made', async () => {
      const page = await begin({
        endpoints: [endpointOf(good), endpointOf({ ...good, name: 'second' } as FaultServer)],
      });
      await page.locator('.chart canvas').nth(2).waitFor();
      const before = await Promise.all([0, 1, 2].map((chart) => colours(page, chart)));
      for (let i = 0; i < 20; i += 1) expect(await call('gpt-5', { stream: true })).toBe(200);
      const rate = page.locator('.tile').first().locator('dd');
      await soon(() => rate.innerText()).not.toMatch(/^0\s/);
      await soon(() => page.locator('.tile').nth(1).innerText()).toContain('100 %');
      await soon(() => page.locator('.tile').nth(2).innerText()).toMatch(/\d (ms|s)/);
      // Who served is an area of the share chart, and the calls a line of the first.
      await soon(() => colours(page, 0)).toBeGreaterThan((before[0] as number) + 20);
      await soon(() => colours(page, 2)).toBeGreaterThan((before[2] as number) + 20);
      // Once the second of the last call is told, too.
      const shares = page.locator('.card .facts > div:first-child dd');
      await soon(async () => (await shares.allInnerTexts()).join()).toBe('50 %,50 %');
      // Time goes on in the chart without any call.
      const still = await drawn(page, 0);
      await soon(() => drawn(page, 0)).not.toBe(still);
    });

    it('says in words what keeps an endpoint from taking calls', async () => {
      const [limited, refused] = [
        await faultServer({ name: 'limited', script: [{ status: 429, retryAfter: 50 }] }),
        await faultServer({ name: 'refused', script: Array.from({ length: 40 }, () => 500 as const) }),
      ];
      const page = await begin({
        endpoints: [endpointOf(limited), endpointOf(refused), endpointOf(good)],
        breaker: { resetTimeout: 60_000 },
      });
      for (let i = 0; i < 24; i += 1) expect(await call()).toBe(200);
      const card = (name: string) => page.locator('.card', { has: page.getByRole('heading', { name }) });
      await expect
        .poll(() => card('limited').locator('.state, .models').allInnerTexts())
        .toEqual(expect.arrayContaining([expect.stringMatching(/cooling down \d+ s \(429\)/)]));
      const seconds = async () =>
        Number(/cooling down (\d+) s/.exec((await card('limited').innerText()).replace(/\s+/g, ' '))?.[1]);
      const first = await seconds();
      expect(first).toBeGreaterThan(20);
      await soon(seconds).toBeLessThan(first);
      await soon(() => card('refused').locator('.state').innerText()).toBe('ejected');
      await soon(() => card('good').locator('.state').innerText()).toBe('eligible');
      await Promise.all([limited.close(), refused.close()]);
    });

    it('lists calls, opens them to why, filters them and loads more', async () => {
      const page = await begin({
        strategy: 'priority',
        endpoints: [endpointOf(bad, { models: ['gpt-5'] }), endpointOf(good)],
        breaker: false,
      });
      for (let i = 0; i < 59; i += 1) expect(await call('other-model')).toBe(200);
      expect(await call()).toBe(200);
      await goTo(page, 'Calls');
      const rows = page.locator('.call');
      await soon(() => rows.count()).toBe(50);
      await page.getByRole('button', { name: 'Load more' }).click();
      await soon(() => rows.count()).toBe(60);
      await page.getByRole('searchbox', { name: 'Model' }).fill('gpt-5');
      await soon(() => rows.count()).toBe(1);
      const row = rows.first();
      expect(await row.innerText()).toMatch(/gpt-5[\s\S]*good[\s\S]*2 attempts[\s\S]*200/);
      await row.getByRole('button').click();
      const detail = row.locator('.detail');
      const text = (await detail.innerText()).replace(/\s+/g, ' ');
      expect(text).toContain('POST /v1/chat/completions');
      expect(text).toMatch(/Why .*Picked bad .*Candidates bad .*good/);
      expect(text).toMatch(/Picked good .*Excluded bad: failed this call/);
      expect(text).toMatch(/Attempts 1 bad gpt-5 500 server-error .* 2 good gpt-5 200 ok/);
      await page.getByRole('combobox', { name: 'Status' }).selectOption('failed');
      await page.getByText('No call matches.').waitFor();
    });

    it('reads the list of calls again by itself, unless somebody reads in it', async () => {
      const page = await begin({ endpoints: [endpointOf(good)] });
      expect(await call('first')).toBe(200);
      await goTo(page, 'Calls');
      const rows = page.locator('.call');
      await soon(() => rows.count()).toBe(1);
      await page.mouse.move(1, 1);
      expect(await call('second')).toBe(200);
      await soon(() => rows.count()).toBe(2);
      await rows.first().getByRole('button').click();
      await page.mouse.move(1, 1);
      await page.getByText('Paused').waitFor();
      expect(await call('third')).toBe(200);
      await page.getByText('Paused').waitFor();
      expect(await rows.count()).toBe(2);
      await rows.first().getByRole('button').click();
      await page.getByRole('heading', { name: 'Calls' }).click();
      await soon(() => rows.count()).toBe(3);
      await page.getByText('Live', { exact: true }).waitFor();
    });

    it("judges success by what the gateway and its endpoints did, and counts callers' errors apart", async () => {
      const page = await begin({
        endpoints: [endpointOf(good)],
        groups: { known: { endpoints: [{ endpoint: 'good', model: 'm' }] } },
      });
      expect(await call('known')).toBe(200);
      expect(await call('unknown')).toBe(404);
      const tile = page.locator('.tile').nth(1);
      await soon(async () => (await tile.innerText()).replace(/\s+/g, ' ')).toMatch(/100 % ?beside 1 callers' errors/);
    });

    it('sums up usage and gives it as a file', async () => {
      const page = await begin({
        endpoints: [endpointOf(good)],
        prices: { 'gpt-5': { input: 1_000, output: 1_000 } },
      });
      for (let i = 0; i < 3; i += 1) await call();
      await call('=cmd()');
      await goTo(page, 'Usage');
      const rows = page.locator('tbody tr');
      await soon(() => rows.count()).toBe(2);
      expect((await rows.first().innerText()).replace(/\s+/g, ' ')).toMatch(/^\(none\) gpt-5 3 0 \d/);
      await page.locator('.chart canvas').waitFor();
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download CSV' }).click();
      const file = await coming;
      expect(file.suggestedFilename()).toMatch(/^usage-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
      const lines = readFileSync(await file.path(), 'utf8')
        .trim()
        .split('\r\n');
      expect(lines[0]).toBe('day,key,model,calls,failed,callerErrors,tokensIn,tokensOut,cachedIn,cost');
      expect(lines.some((line) => /^\d{4}-\d\d-\d\d,,gpt-5,3,0,/.test(line))).toBe(true);
      expect(lines.some((line) => line.includes(",'=cmd(),1,"))).toBe(true);
    });

    it('says that the connection is lost, and goes on by itself', async () => {
      const page = await begin({ endpoints: [endpointOf(good)] });
      await page.locator('.card').waitFor();
      await page.route('**/admin/**', (route) => route.abort());
      await page.getByRole('alert').getByText('Connection lost.').waitFor();
      // What was known stays to be read.
      expect(await page.locator('.card').count()).toBe(1);
      await goTo(page, 'Endpoints');
      await page.getByText('This could not be read.').waitFor();
      await page.unroute('**/admin/**');
      await page.getByRole('button', { name: 'Try again' }).first().click();
      await page.getByRole('heading', { name: 'good' }).waitFor();
      await soon(() => page.getByRole('alert').count()).toBe(0);
    });

    it('asks for the admin key and shows nothing before', async () => {
      const page = await begin({ endpoints: [endpointOf(good)], adminKeys: [{ name: 'boss', key: 'admin-key-0123' }] });
      const key = page.getByLabel('Admin key');
      await key.waitFor();
      expect(await page.getByRole('navigation').count()).toBe(0);
      expect(await page.content()).not.toContain('good');
      await key.fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('This is no admin key of this gateway.').waitFor();
      await key.fill('admin-key-0123');
      await page.keyboard.press('Enter');
      await page.locator('.card').waitFor();
      const stored = await inPage<string[]>(
        page,
        '[JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie, location.href]',
      );
      expect(stored.map((text) => text.includes('admin-key-0123'))).toEqual([false, true, false, false]);
      await page.reload();
      await page.locator('.card').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await key.waitFor();
      expect(await page.content()).not.toContain('good');
      expect(await inPage(page, 'sessionStorage.length')).toBe(0);
    });

    it('says what to do where it may show nothing', async () => {
      gateway = await gatewayWith(
        { endpoints: [endpointOf(good)], clientKeys: [{ name: 'team', key: 'client-key-0123' }] },
        { host: '0.0.0.0' },
      );
      open = await openDashboard(browser, `http://127.0.0.1:${gateway.gateway.port}`);
      const { page } = open;
      expect(await page.getByRole('alert').innerText()).toContain('adminKeys');
      expect(await page.getByRole('navigation').count()).toBe(0);
    });

    it('says when the store is not well', async () => {
      const page = await begin({ endpoints: [endpointOf(good)] });
      await page.route('**/admin/live*', async (route) => {
        const reply = await route.fetch();
        const store = { is: 'degraded', reason: 'the disk is <b>full</b>', lost: 3 };
        await route.fulfill({ response: reply, json: { ...((await reply.json()) as object), store } });
      });
      const banner = page.getByRole('status').filter({ hasText: 'The store is not well:' });
      await banner.waitFor();
      expect(await banner.innerText()).toContain('the disk is <b>full</b> 3 calls of the log could not be kept.');
      await page.unroute('**/admin/live*');
      await banner.waitFor({ state: 'detached' });
    });

    it('tells a client where to go', async () => {
      const page = await begin({ endpoints: [endpointOf(good)] }, '#/calls');
      await page.getByText('No calls yet.').waitFor();
      const told = await page.locator('.connect code').allInnerTexts();
      expect(told.slice(0, 2)).toEqual([`OPENAI_BASE_URL=${gateway.url}/v1`, `ANTHROPIC_BASE_URL=${gateway.url}`]);
    });
  },
);
