// The dashboard in Chromium: from an empty gateway to endpoints, groups and keys, with wrong values, undo and revoking.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { JustDeleted } from '../../src/gateway/admin/just-deleted.ts';
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

describe.skipIf(!chromiumAt)(
  `changing the gateway in the dashboard (${chromiumAt ? 'Chromium' : NO_CHROMIUM})`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let server: FaultServer;
    let gateway: TestGateway;
    let open: OpenPage;
    beforeAll(async () => {
      browser = await startBrowser();
      server = await faultServer({ name: 'file-one' });
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });
    const begin = async (configuration: object, path = '') => {
      gateway = await gatewayWith({ admin: { allowInsecure: true }, ...configuration }, { mayBeEmpty: true });
      open = await openDashboard(browser, gateway.url, path);
      return open.page;
    };
    afterEach(async () => {
      await open.page.context().close();
      await gateway[Symbol.asyncDispose]();
      expect([open.problems, open.foreign, open.dialogs]).toEqual([[], [], []]);
    });

    it('begins empty, refuses a wrong value at its field, and adds an endpoint that serves calls', async () => {
      const page = await begin({});
      await page.getByText('No endpoints yet.').waitFor();
      await page.getByRole('button', { name: 'Add endpoint' }).click();
      const form = page.getByRole('dialog', { name: 'Add endpoint' });
      await form.getByLabel('Name').fill('mine');
      await form.getByLabel('Address').fill('nowhere');
      await form.getByLabel('API key').fill('sk-from-the-dashboard-0123');
      await form.getByRole('button', { name: 'Save' }).click();
      const address = form.getByLabel('Address');
      await form.locator('.field.wrong').waitFor();
      expect(await address.getAttribute('aria-invalid')).toBe('true');
      expect(await form.locator('.field.wrong .problem').innerText()).toMatch(/URL|http/);
      // The keyboard is where there is something to mend.
      await soon(() => inPage(page, 'document.activeElement.getAttribute("aria-invalid")')).toBe('true');
      expect(gateway.store.config.read().endpoints).toEqual({});
      await address.fill(server.url);
      await form.getByRole('button', { name: 'Save' }).click();
      await form.waitFor({ state: 'detached' });
      await page.getByText('mine is added.').waitFor();
      await page.getByRole('heading', { name: 'mine' }).waitFor();
      expect(await page.locator('.card').innerText()).toContain('…0123');
      expect(await page.content()).not.toContain('sk-from-the-dashboard');
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
    });

    it('makes a test call and shows why it went where it went', async () => {
      const page = await begin({ endpoints: [endpointOf(server, { models: ['gpt-5'] })] }, '#/endpoints');
      await page.getByRole('button', { name: 'Test call' }).click();
      const dialog = page.getByRole('dialog', { name: 'Test call' });
      expect(await dialog.getByLabel('Model').inputValue()).toBe('gpt-5');
      await dialog.getByRole('button', { name: 'Make the call' }).click();
      await dialog.getByText('It answered.').waitFor();
      expect(await dialog.locator('.attempts').innerText()).toMatch(/file-one[\s\S]*200 ok/);
      await dialog.getByLabel('Model').fill('nobody-has-this');
      await dialog.getByRole('button', { name: 'Make the call' }).click();
      await soon(() => dialog.innerText()).toMatch(/It failed\.|nobody-has-this" does not exist|no endpoint/i);
    });

    it('edits, deletes and takes back', async () => {
      const page = await begin({});
      await gateway.configuration.change({ endpoints: { mine: { baseURL: server.url, apiKey: 'sk-kept' } } });
      await goTo(page, 'Endpoints');
      await page.getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('dialog', { name: 'Edit endpoint' });
      await form.getByLabel('Models').fill('gpt-5\ngpt-5-mini');
      await form.getByText('Weight, priority, limits').click();
      await form.getByLabel('Weight').fill('3');
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByText('mine is saved.').waitFor();
      expect(gateway.store.config.read().endpoints.mine).toMatchObject({
        ...{ apiKey: 'sk-kept', weight: 3, models: ['gpt-5', 'gpt-5-mini'] },
      });
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByText('Undone.').waitFor();
      expect(gateway.store.config.read().endpoints.mine).not.toHaveProperty('weight');
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText('mine is deleted.').waitFor();
      expect(gateway.store.config.read().endpoints).toEqual({});
      await page.getByRole('button', { name: 'Undo' }).click();
      await soon(async () => gateway.store.config.read().endpoints.mine).toMatchObject({ apiKey: 'sk-kept' });
      // A gateway that has forgotten the key: the form asks for it again, everything else filled in.
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText('mine is deleted.').last().waitFor();
      const forgotten = vi.spyOn(JustDeleted.prototype, 'find').mockReturnValue(undefined);
      await page.getByRole('button', { name: 'Undo' }).last().click();
      const again = page.getByRole('dialog', { name: 'Add endpoint' });
      await again.getByLabel('API key').fill('sk-again');
      expect(await again.getByLabel('Address').inputValue()).toBe(server.url);
      await again.getByRole('button', { name: 'Save' }).click();
      await page.getByText('mine is added.').waitFor();
      forgotten.mockRestore();
      expect(gateway.store.config.read().endpoints.mine).toMatchObject({ apiKey: 'sk-again', baseURL: server.url });
    });

    it('says of an endpoint without a key that it takes no part, as large as of others how they are', async () => {
      const skipped = { name: 'spare', apiKey: '', baseURL: 'https://spare.example.com/v1' };
      const page = await begin({ endpoints: [endpointOf(server), skipped] }, '#/endpoints');
      const card = page.locator('.card').filter({ hasText: 'spare' });
      await card.getByText('takes no part (its key is empty)').waitFor();
      expect(await card.getByRole('button').count()).toBe(0);
      expect(await card.locator('dd').nth(1).innerText()).toBe('none');
      const size = (state: string) => inPage(page, `getComputedStyle(document.querySelector("${state}")).fontSize`);
      expect(await size('.state.excluded')).toBe(await size('.state.eligible'));
    });

    it('drains an endpoint of the file, which is read-only otherwise, and ends the drain', async () => {
      const page = await begin({ endpoints: [endpointOf(server)] }, '#/endpoints');
      const card = page.locator('.card');
      await card.getByText('from the file, read-only').waitFor();
      expect(await card.getByRole('button').allInnerTexts()).toEqual(['Test call', 'Drain']);
      await card.getByRole('button', { name: 'Drain' }).click();
      await card.locator('.state.drained').waitFor();
      expect(await card.locator('.state').innerText()).toContain('drained');
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(503);
      await goTo(page, 'Overview');
      await page.locator('.card .state.drained').waitFor();
      await goTo(page, 'Endpoints');
      await card.getByRole('button', { name: 'End the drain' }).click();
      await card.locator('.state.eligible').waitFor();
      expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
    });

    it('adds, edits and deletes groups', async () => {
      const page = await begin({ endpoints: [endpointOf(server)] }, '#/groups');
      await page.getByText('No groups yet.').waitFor();
      await page.getByRole('button', { name: 'Add group' }).click();
      const form = page.getByRole('dialog');
      await form.getByLabel('Public model name').fill('fast');
      await form.getByLabel('Strategy').selectOption('priority: least-busy');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.locator('.field.wrong').waitFor();
      expect(await form.locator('.field.wrong label').innerText()).toBe('Endpoint');
      await form.getByLabel('Endpoint').selectOption('file-one');
      await form.getByLabel('Its own model name').fill('gpt-5');
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByText('fast is added.').waitFor();
      expect(gateway.store.config.read().groups.fast).toEqual({
        ...{
          strategy: { priority: 'least-busy' },
          endpoints: [{ endpoint: 'file-one', model: 'gpt-5' }],
          fallback: [],
        },
      });
      expect((await gateway.get('/v1/chat/completions', chat('fast'))).status).toBe(200);
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText('No groups yet.').waitFor();
      await page.getByRole('button', { name: 'Undo' }).last().click();
      await page.getByRole('heading', { name: 'fast' }).waitFor();
      expect((await gateway.get('/v1/chat/completions', chat('fast'))).status).toBe(200);
    });

    it('creates a key that is shown once, and revokes it', async () => {
      const page = await begin({ endpoints: [endpointOf(server)] }, '#/keys');
      await page.getByText('No client keys.').waitFor();
      await page.getByRole('button', { name: 'Add key' }).click();
      const form = page.getByRole('dialog', { name: 'Add key' });
      await form.getByLabel('Name').fill('not a name!');
      await form.getByLabel('Calls per minute').fill('-1');
      await form.getByRole('button', { name: 'Create key' }).click();
      await soon(() => form.locator('.field.wrong').count()).toBe(2);
      await form.getByLabel('Name').fill('team');
      await form.getByLabel('Calls per minute').fill('60');
      await form.getByLabel('Expires').fill('2099-01-01T00:00');
      await form.getByRole('button', { name: 'Create key' }).click();
      const made = page.getByRole('dialog', { name: 'The new key' });
      const key = await made.getByRole('textbox').inputValue();
      expect(key.length).toBeGreaterThan(20);
      await made.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('heading', { name: 'team' }).waitFor();
      expect(await page.content()).not.toContain(key);
      const call = chat('gpt-5');
      const withKey = { ...call, headers: { ...call.headers, authorization: `Bearer ${key}` } };
      expect((await gateway.get('/v1/chat/completions', withKey)).status).toBe(200);
      expect((await gateway.get('/v1/chat/completions', call)).status).toBe(401);
      await page.getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('team is revoked.').waitFor();
      await page.getByText('No client keys.').waitFor();
      expect(gateway.store.keys.list()).toEqual([]);
    });

    it('calls one endpoint of a group by its test', async () => {
      const other = endpointOf(server, { name: 'other' });
      const groups = {
        fast: {
          endpoints: [
            { endpoint: 'other', model: 'gpt-5' },
            { endpoint: 'file-one', model: 'gpt-5' },
          ],
        },
      };
      const page = await begin({ endpoints: [other, endpointOf(server)], groups }, '#/endpoints');
      await page.getByRole('button', { name: 'Test call' }).nth(1).click();
      const dialog = page.getByRole('dialog');
      expect(await dialog.getByLabel('Model').inputValue()).toBe('fast$file-one');
      await dialog.getByRole('button', { name: 'Make the call' }).click();
      await dialog.getByText('It answered.').waitFor();
      expect(await dialog.locator('.result .verdict').first().innerText()).toContain('file-one');
    });

    it('reads the file again, or says why not, and gives the whole as a file without keys', async () => {
      let file: object = { endpoints: [endpointOf(server)] };
      gateway = await gatewayWith({}, { find: () => ({ source: 'test', value: file }) });
      open = await openDashboard(browser, gateway.url, '#/endpoints');
      const { page } = open;
      await page.getByRole('heading', { name: 'file-one' }).waitFor();
      file = { endpoints: [endpointOf(server), endpointOf(server, { name: 'added' })] };
      await page.getByRole('button', { name: 'Reload file' }).click();
      await page.getByRole('heading', { name: 'added' }).waitFor();
      file = { endpoints: [endpointOf(server, { weight: -1 })] };
      await page.getByRole('button', { name: 'Reload file' }).click();
      await page.getByText(/The configuration stays as it was:.*endpoints\[0\]\.weight/).waitFor();
      expect(await page.getByRole('heading', { name: 'added' }).count()).toBe(1);
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      const saved = await coming;
      expect(saved.suggestedFilename()).toBe('load-balanced-openai.json');
      const text = readFileSync(await saved.path(), 'utf8');
      expect(text).not.toContain('sk-upstream');
      const { endpoints } = JSON.parse(text) as { endpoints: { name: string }[] };
      expect(endpoints.map(({ name }) => name)).toEqual(['file-one', 'added']);
    });
  },
);
