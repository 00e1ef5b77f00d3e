// Threat T17: a model's name leads to what its key may use, and nowhere else, however it is written and wherever it stands.
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../../src/testing/index.ts';
import { endpointOf, gatewayWith } from '../../support/gateway.ts';
import { fc, runs } from '../../support/property.ts';

const OURS = 'key-of-one';
const JSON_TYPE = { 'content-type': 'application/json' };

async function tenants() {
  const mine = await faultServer({ name: 'mine' });
  const theirs = await faultServer({ name: 'theirs' });
  const gateway = await gatewayWith({
    endpoints: [endpointOf(mine), endpointOf(theirs)],
    groups: {
      one: { endpoints: [{ endpoint: 'mine', model: 'small' }] },
      two: { endpoints: [{ endpoint: 'theirs', model: 'large' }] },
      'two/one': { endpoints: [{ endpoint: 'theirs', model: 'large' }] },
    },
    clientKeys: [
      { name: 'one', key: OURS, groups: ['one'], limits: { budget: 1_000 } },
      { name: 'two', key: 'key-of-two', groups: ['two'] },
      { name: 'rich', key: 'key-of-rich', limits: { budget: 1_000 } },
    ],
    prices: { small: { input: 1, output: 1 } },
  });
  const send = (path: string, body: string | FormData, headers: Record<string, string> = JSON_TYPE, key = OURS) =>
    gateway.get(path, { method: 'POST', headers: { ...headers, authorization: `Bearer ${key}` }, body });
  return {
    ...{ mine, theirs, gateway, send },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await Promise.all([mine.close(), theirs.close()]);
    },
  };
}

const body = (model: unknown, more: object = {}) => JSON.stringify({ model, messages: [], ...more });

describe('T17: a tenant', () => {
  it('reaches no other’s endpoint by any name', async () => {
    await using t = await tenants();
    const parts = fc.constantFrom(
      'one',
      'two',
      '$',
      '$1',
      '$2',
      '$theirs',
      '/',
      '..',
      '\n',
      '\0',
      ' ',
      'ONE',
      '%24',
      '*',
      'é',
    );
    const names = fc.oneof(
      fc.array(parts, { maxLength: 5 }).map((all) => all.join('')),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const response = await t.send('/v1/chat/completions', body(name));
        await response.text();
        const isOurs = name === 'one' || name === 'one$1' || name === 'one$mine';
        expect([name, response.status]).toEqual([name, isOurs ? 200 : 404]);
      }),
      runs(300),
    );
    expect(t.theirs.calls).toBe(0);
    expect(t.mine.requests.every(({ model }) => model === 'small')).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a megabyte', 'x'.repeat(2 ** 20)],
    ['257 letters', `one${'x'.repeat(254)}`],
    ['a list', ['two']],
    ['an object', { toString: 'two' }],
    ['a number', 2],
    ['true', true],
    ['null', null],
    ['nothing', ''],
  ])('is refused shortly with %s for a name', async (_, name) => {
    await using t = await tenants();
    const response = await t.send('/v1/chat/completions', body(name));
    expect(response.status).toBe(404);
    expect((await response.text()).length).toBeLessThan(500);
    expect([t.mine.calls, t.theirs.calls]).toEqual([0, 0]);
    expect(JSON.stringify(t.gateway.lines).length).toBeLessThan(5_000);
  });

  it.each<[string, string]>([
    ['last', '{"model":"two","messages":[],"model":"one"}'],
    ['first', '{"model":"one","messages":[],"model":"two"}'],
    ['in escapes', '{"mod\\u0065l":"two","messages":[],"model":"one"}'],
    ['behind a nested one', '{"x":{"model":"a"},"model":"two","y":["model"],"model":"one"}'],
    ['twice the same', '{"model":"one","messages":[],"model":"one"}'],
  ])('cannot name two models, that which is meant %s', async (_, text) => {
    await using t = await tenants();
    expect((await t.send('/v1/chat/completions', text)).status).toBe(400);
    // Of a large body the longest texts are not looked at; what stands around them is.
    for (const pad of ['x'.repeat(100_000), '\\"'.repeat(50_000), '{\\"model\\":'.repeat(10_000)])
      expect((await t.send('/v1/chat/completions', `${text.slice(0, -1)},"pad":"${pad}"}`)).status).toBe(400);
    const form = new FormData();
    for (const model of ['one', 'two']) form.append('model', model);
    form.append('file', new Blob(['x']), 'x.mp3');
    expect((await t.send('/v1/audio/transcriptions', form, {})).status).toBe(400);
    expect([t.mine.calls, t.theirs.calls]).toEqual([0, 0]);
  });

  it('may have the word in its prompt as often as it likes', async () => {
    await using t = await tenants();
    const text =
      '{"model":"one","messages":[{"role":"user","content":"\\"model\\": \\"two\\", \\\\","model":"x"}],"z":{"model":"two"}}';
    expect((await t.send('/v1/chat/completions', text)).status).toBe(200);
    expect(t.mine.requests[0]?.model).toBe('small');
  });

  it.each([
    '/v1/deployments/large/chat/completions',
    '/v1/openai/deployments/large/chat/completions',
    '/v1/engines/large/completions',
    '/v1/models/large:generateContent',
    '/v1/models/large',
    '/v1/batches',
    '/v1/files',
    '/v1/fine_tuning/jobs',
    '/v1/assistants',
    '/v1/threads/runs',
    '/v1/realtime/sessions',
    '/v1/chat/completions/../../files',
    '/v1/evals',
    '/v1/organization/admin_api_keys',
  ])('names it nowhere but in the body: POST %s', async (path) => {
    await using t = await tenants();
    for (const text of [body('one'), body('two'), '{}'])
      expect([text, (await t.send(path, text)).status]).toEqual([text, 404]);
    expect([t.mine.calls, t.theirs.calls]).toEqual([0, 0]);
  });

  it('is looked at whatever its body calls itself', async () => {
    await using t = await tenants();
    const types = [
      'application/octet-stream',
      'image/png',
      'text/html',
      'x',
      'multipart/mixed; boundary=x',
      'application/xml',
    ];
    for (const type of types) {
      expect([type, (await t.send('/v1/chat/completions', body('two'), { 'content-type': type })).status]).toEqual([
        type,
        404,
      ]);
      expect((await t.send('/v1/chat/completions', body('one'), { 'content-type': type })).status).toBe(200);
    }
    expect(t.theirs.calls).toBe(0);
    expect(t.mine.requests.every(({ headers }) => headers['content-type'] === 'application/json')).toBe(true);
  });

  it('with a budget spends nothing that nobody can count', async () => {
    await using t = await tenants();
    const send = async (path: string, text: string, type = 'application/json') =>
      (await t.send(path, text, { 'content-type': type }, 'key-of-rich')).status;
    expect(await send('/v1/chat/completions', body('two'))).toBe(403);
    expect(await send('/v1/chat/completions', '{"messages":[]}')).toBe(403);
    expect(await send('/v1/chat/completions', body('two'), 'application/octet-stream')).toBe(403);
    expect(await send('/v1/batches', '{"input_file_id":"file-1"}')).toBe(403);
    expect(await send('/v1/deployments/large/chat/completions', '{}')).toBe(403);
    expect([t.mine.calls, t.theirs.calls]).toEqual([0, 0]);
    expect(await send('/v1/chat/completions', body('one'))).toBe(200);
    const form = new FormData();
    form.append('purpose', 'batch');
    form.append('file', new Blob(['{}']), 'x.jsonl');
    expect((await t.send('/v1/files', form, {}, 'key-of-rich')).status).toBe(200);
  });
});
