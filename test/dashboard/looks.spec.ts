// The dashboard in Chromium: whatever names hold is text; a phone's width; light and dark; keyboard alone; English and Chinese.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import {
  chromiumAt,
  goTo,
  inPage,
  NO_CHROMIUM,
  type OpenPage,
  openDashboard,
  overflow,
  soon,
  startBrowser,
} from '../support/dashboard.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../support/gateway.ts';

const EVIL = '<img src=x onerror=alert(1)>';
const LONG = 'averylongnamewithnoplaceforabreak'.padEnd(64, 'x');
const PAGES = ['Overview', 'Calls', 'Groups', 'Endpoints', 'Keys', 'Usage'];

describe.skipIf(!chromiumAt)(
  `how the dashboard looks (${chromiumAt ? 'Chromium' : NO_CHROMIUM})`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let server: FaultServer;
    let gateway: TestGateway;
    const opened: OpenPage[] = [];
    beforeAll(async () => {
      browser = await startBrowser();
      server = await faultServer({
        name: 'upstream',
        script: ({ body }) =>
          (body as { model?: string } | undefined)?.model === 'broken'
            ? { status: 400, message: EVIL, code: EVIL }
            : 'ok',
      });
      gateway = await gatewayWith({
        endpoints: [
          endpointOf(server, { models: [EVIL, 'gpt-5', 'broken'] }),
          endpointOf(server, { name: LONG, models: [LONG], modelMap: { [LONG]: `${LONG}${EVIL}` } }),
        ],
        groups: {
          [EVIL]: { endpoints: [{ endpoint: 'upstream', model: EVIL }] },
          [LONG]: { endpoints: [{ endpoint: LONG, model: LONG }], fallback: [EVIL] },
        },
        log: { bodies: 'all' },
      });
      for (const model of [EVIL, EVIL, LONG, 'broken', `${EVIL}<script>alert(2)</script>`])
        await (await gateway.get('/v1/chat/completions', { ...chat(model) })).text();
    });
    afterAll(async () => {
      await browser?.close();
      await gateway?.[Symbol.asyncDispose]();
      await server?.close();
    });
    const open = async (path = '', options: object = {}) => {
      const one = await openDashboard(browser, gateway.url, path, options);
      opened.push(one);
      return one.page;
    };
    afterEach(async () => {
      for (const { page, problems, foreign, dialogs } of opened.splice(0)) {
        await page.context().close();
        expect([problems, foreign, dialogs]).toEqual([[], [], []]);
      }
    });

    it('shows names, models and error texts as the text they are', async () => {
      const page = await open();
      const unmarked = async () => expect(await page.locator('#app img, #app script').count()).toBe(0);
      const noMarkup = async () => {
        await unmarked();
        expect(await page.getByText(EVIL).count()).toBeGreaterThan(0);
      };
      await page.locator('.card').first().waitFor();
      await unmarked();
      await goTo(page, 'Calls');
      await page.locator('.call').first().waitFor();
      for (const row of await page.locator('.call > button').all()) await row.click();
      await noMarkup();
      for (const body of await page.locator('summary').all()) await body.click();
      await goTo(page, 'Groups');
      await page.locator('.card').first().waitFor();
      await noMarkup();
      await page.getByRole('button', { name: 'Test call' }).first().click();
      await page.getByRole('dialog').getByLabel('Model').fill('broken');
      await page.getByRole('button', { name: 'Make the call' }).click();
      await page.getByText('It failed.').waitFor();
      await noMarkup();
      await page.keyboard.press('Escape');
      await goTo(page, 'Endpoints');
      await page.locator('.card').first().waitFor();
      await noMarkup();
      await goTo(page, 'Usage');
      await page.locator('tbody tr').first().waitFor();
      await noMarkup();
    });

    it.each([
      [390, 'en-US'],
      [390, 'zh-CN'],
      [320, 'en-US'],
    ])('fits %i pixels in %s, its forms too', async (width, locale) => {
      const page = await open('', { locale, viewport: { width, height: 844 } });
      const links = page.getByRole('navigation').getByRole('link');
      await links.first().waitFor();
      for (let index = 0; index < PAGES.length; index += 1) {
        await links.nth(index).click();
        // The page before has such things as well.
        await page.locator(`nav li:nth-child(${index + 1}) [aria-current="page"]`).waitFor();
        await page.locator('main .card, main .call, main tbody, main .empty').first().waitFor();
        for (const row of await page.locator('.call > button').all()) await row.click();
        expect(await overflow(page), PAGES[index] as string).toBeLessThanOrEqual(0);
        const add = page.locator('.head button.primary');
        if ((await add.count()) === 0) continue;
        await add.click();
        const dialog = page.locator('dialog');
        await dialog.waitFor();
        expect(
          await inPage<number>(
            page,
            'document.querySelector("dialog").scrollWidth - document.querySelector("dialog").clientWidth',
          ),
        ).toBe(0);
        expect(await overflow(page), `form of ${PAGES[index]}`).toBeLessThanOrEqual(0);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
      }
    });

    it('is light or dark as the system says, and as the switch says from then on', async () => {
      const background = 'getComputedStyle(document.documentElement).backgroundColor';
      const lightness = async (page: Awaited<ReturnType<typeof open>>) =>
        Number(/\d+/.exec(await inPage<string>(page, background))?.[0]);
      const light = await open('', { colorScheme: 'light' });
      await light.locator('.card').first().waitFor();
      expect(await lightness(light)).toBeGreaterThan(200);
      const page = await open('', { colorScheme: 'dark' });
      await page.locator('.card').first().waitFor();
      expect(await lightness(page)).toBeLessThan(50);
      await page.emulateMedia({ colorScheme: 'light' });
      await soon(() => lightness(page)).toBeGreaterThan(200);
      await page.getByRole('button', { name: 'Dark colours' }).click();
      expect(await lightness(page)).toBeLessThan(50);
      await page.reload();
      await page.locator('.card').first().waitFor();
      expect(await lightness(page)).toBeLessThan(50);
    });

    it('speaks English and Chinese', async () => {
      const page = await open();
      const links = page.getByRole('navigation').getByRole('link');
      await links.first().waitFor();
      expect(await links.allInnerTexts()).toEqual(PAGES);
      await page.getByRole('button', { name: '中文' }).click();
      await soon(() => links.allInnerTexts()).toEqual(['概览', '调用', '模型组', '端点', '密钥', '用量']);
      expect(await inPage(page, 'document.documentElement.lang')).toBe('zh-CN');
      for (const link of await links.all()) {
        await link.click();
        expect(await page.locator('h1').innerText()).toMatch(/\p{Script=Han}/u);
      }
      await page.reload();
      await soon(() => links.first().innerText()).toBe('概览');
      await page.getByRole('button', { name: 'English' }).click();
      await soon(() => links.first().innerText()).toBe('Overview');
      expect(await inPage(page, 'document.documentElement.lang')).toBe('en');
    });

    it('is used by the keyboard alone', async () => {
      const page = await open();
      await page.locator('.card').first().waitFor();
      const focused = () => inPage<string>(page, 'document.activeElement.innerText || document.activeElement.tagName');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Skip to the content');
      expect(await inPage(page, 'getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      await page.keyboard.press('Enter');
      expect(await inPage(page, 'document.activeElement.tagName')).toBe('MAIN');
      // From there on it goes, past the navigation; and it stays there when figures come anew.
      await page.keyboard.press('Tab');
      expect(await inPage(page, 'document.activeElement.closest("main") !== null')).toBe(true);
      for (let i = 0; i < 2; i += 1) await page.waitForResponse((reply) => reply.url().includes('/admin/live'));
      expect(await focused()).toBe('INPUT');
      await page.reload();
      await page.locator('.card').first().waitFor();
      for (const name of ['Skip to the content', 'Overview', 'Calls', 'Groups', 'Endpoints']) {
        await page.keyboard.press('Tab');
        expect(await focused()).toBe(name);
        expect(await inPage(page, 'getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      }
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
      await soon(() => inPage(page, 'document.activeElement.tagName')).toBe('MAIN');
      for (const name of ['Export', 'Reload file', 'Add endpoint']) {
        await page.keyboard.press('Tab');
        expect(await focused()).toBe(name);
      }
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Add endpoint' });
      await dialog.waitFor();
      // The keyboard stays inside of the dialog, and is back where it was after Escape.
      for (let i = 0; i < 30; i += 1) await page.keyboard.press('Tab');
      expect(
        await inPage(
          page,
          'document.activeElement.closest("dialog") !== null || document.activeElement === document.body',
        ),
      ).toBe(true);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await focused()).toBe('Add endpoint');
    });

    it('has a name for every button, field and picture', async () => {
      const page = await open();
      for (const name of PAGES) {
        await goTo(page, name);
        await page.locator('main .card, main .call, main tbody, main .empty').first().waitFor();
        const nameless = await inPage<string[]>(
          page,
          `[...document.querySelectorAll('button, a, input, select, textarea, meter, [role=img]')]
          .filter((each) => !(each.innerText?.trim() || each.getAttribute('aria-label') || each.labels?.length))
          .map((each) => each.outerHTML)`,
        );
        expect(nameless).toEqual([]);
      }
    });
  },
);
