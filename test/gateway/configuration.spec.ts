// File and store together: who wins, what is left out, what a restart keeps, and what others write.
import { describe, expect, it } from 'vitest';
import type { Found } from '../../src/gateway/config/load.ts';
import { Configuration } from '../../src/gateway/configuration.ts';
import { memoryGatewayStore } from '../../src/gateway/store/memory-gateway-store.ts';
import { faultServer } from '../../src/testing/index.ts';
import { ask } from '../support/admin.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

const https = (name: string, more: object = {}) => ({
  apiKey: `k-${name}`,
  baseURL: `https://${name}.vendor.com/v1`,
  ...more,
});
const found = (value: object): Found => ({ source: 'test', value });

/** A configuration out of a file, an environment and a store. */
function joined(file: object, stored: { endpoints?: object; groups?: object; drained?: string[] } = {}, env = {}) {
  const store = memoryGatewayStore();
  store.config.write(stored as Parameters<typeof store.config.write>[0]);
  let value = file;
  const configuration = new Configuration({ find: () => found(value), env, store, mayBeEmpty: true });
  return {
    configuration,
    store,
    get settings() {
      return configuration.settings;
    },
    edit(next: object) {
      value = next;
    },
  };
}

describe('a file and a store', () => {
  it('are one configuration: each may name what the other has', () => {
    const { settings } = joined(
      { endpoints: [{ name: 'a', ...https('a') }], groups: { g: { endpoints: [{ endpoint: 'b' }] } } },
      {
        endpoints: { b: https('b', { weight: 2 }) },
        groups: { h: { endpoints: [{ endpoint: 'a' }], fallback: ['g'] } },
      },
    );
    expect(settings.endpoints.map(({ name, source }) => [name, source])).toEqual([
      ['a', 'file'],
      ['b', 'store'],
    ]);
    expect(
      settings.groups.map(({ name, source, members }) => [name, source, members.map(({ endpoint }) => endpoint)]),
    ).toEqual([
      ['g', 'file', ['b']],
      ['h', 'store', ['a']],
    ]);
    expect(settings.warnings).toEqual([]);
  });

  it('the file wins where both name the same, and a warning says so', () => {
    const { settings } = joined(
      { endpoints: [{ name: 'a', ...https('file') }], groups: { g: { endpoints: [{ endpoint: 'a' }] } } },
      { endpoints: { a: https('store') }, groups: { g: { endpoints: [{ endpoint: 'a', model: 'other' }] } } },
    );
    expect(settings.endpoints.map(({ baseURL }) => baseURL)).toEqual(['https://file.vendor.com/v1']);
    expect(settings.groups[0]?.members).toEqual([{ endpoint: 'a', model: 'g' }]);
    expect(settings.warnings).toEqual([
      'Endpoint a of the store is not used: the file names it as well.',
      'Group g of the store is not used: the file names it as well.',
    ]);
  });

  it('names that the file leaves to us stay what they were, whatever the store calls its own', () => {
    const { settings } = joined({ endpoints: [https('one'), https('two')] }, { endpoints: { 'openai-1': https('x') } });
    expect(settings.endpoints.map(({ name, source }) => [name, source])).toEqual([
      ['openai-1', 'file'],
      ['openai-2', 'file'],
    ]);
  });

  it('the environment counts as a file, with its services told apart; a store alone is none', () => {
    const both = joined({}, { endpoints: { mine: https('mine') } }, { OPENAI_API_KEYS: 'sk-1,sk-2' }).settings;
    expect(both.endpoints.map(({ name, source }) => [name, source])).toEqual([
      ['openai-1', 'environment'],
      ['openai-2', 'environment'],
      ['mine', 'store'],
    ]);
    expect(both.byService).toBe(true);
    const alone = joined({}, { endpoints: { mine: https('mine') } }).settings;
    expect([alone.byService, alone.endpoints.length]).toEqual([false, 1]);
    expect(joined({}).settings.endpoints).toEqual([]);
  });

  it('what of the store points to something that is gone is left out, and said', () => {
    const { settings } = joined(
      { endpoints: [{ name: 'a', ...https('a') }] },
      {
        groups: {
          g: { endpoints: [{ endpoint: 'a' }, { endpoint: 'gone' }], fallback: ['nowhere', 'h'] },
          h: { endpoints: [{ endpoint: 'gone' }] },
        },
        drained: ['gone', 'a'],
      },
    );
    expect(settings.groups.map(({ name, members, fallback }) => [name, members.length, fallback])).toEqual([
      ['g', 1, []],
    ]);
    expect(settings.drained).toEqual(['a']);
    expect(settings.warnings).toEqual([
      'Group g of the store names gone, which is gone; left out.',
      'Group h of the store names gone, which is gone; left out.',
      'Group h of the store is not used: nothing is left of it.',
      'Group g of the store names nowhere, which is gone; left out.',
      'Group g of the store names h, which is gone; left out.',
    ]);
  });

  it('what stands wrong in the store is told by its own path, not by a line of the file', () => {
    const written = {
      value: { endpoints: [{ name: 'a', ...https('a') }] },
      problems: [],
      at: () => ({ line: 7, column: 3 }),
    };
    const store = memoryGatewayStore();
    store.config.write({ endpoints: { b: https('b', { weight: -1 }) } });
    const find = () => ({ source: '/x/file.yaml', value: written.value, written });
    expect(() => new Configuration({ find, env: {}, store })).toThrow(
      /^endpoints\["b"\]\.weight: must be a number of 0 or more/,
    );
  });
});

describe('a change', () => {
  it('reads no file: one that is being edited stands in nobody’s way', async () => {
    const one = joined({ endpoints: [{ name: 'a', ...https('a') }] });
    one.edit({ endpoints: 'half written' });
    await one.configuration.change({ groups: { g: { endpoints: [{ endpoint: 'a' }] } } });
    expect(one.settings.groups).toHaveLength(1);
    expect(() => one.configuration.refresh()).toThrow(/endpoints/);
    expect(one.settings.groups).toHaveLength(1);
  });

  it('of a file that is read while the store writes is not undone by what was written', async () => {
    const each = joined({ endpoints: [{ name: 'a', ...https('a') }] });
    let written = (): void => undefined;
    const { config } = each.store;
    const late = new Promise<void>((resolve) => {
      written = resolve;
    });
    const slow = {
      read: () => config.read(),
      write: (change: Parameters<typeof config.write>[0]) => late.then(() => config.write(change)),
    };
    let value: object = { endpoints: [{ name: 'a', ...https('a') }] };
    const store = { config: slow, watch: each.store.watch.bind(each.store) };
    const configuration = new Configuration({ find: () => found(value), env: {}, store });
    const changed = configuration.change({ drained: ['a'] });
    value = { endpoints: ['a', 'b'].map((name) => ({ name, ...https(name) })) };
    configuration.refresh();
    written();
    await changed;
    expect(configuration.settings.endpoints.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(configuration.settings.drained).toEqual(['a']);
  });

  it('of the file keeps what the store holds, and one that is wrong changes nothing', () => {
    const one = joined({ endpoints: [{ name: 'a', ...https('a') }] }, { endpoints: { b: https('b') }, drained: ['b'] });
    one.edit({ endpoints: [{ name: 'c', ...https('c') }] });
    one.configuration.refresh();
    expect(one.settings.endpoints.map(({ name }) => name)).toEqual(['c', 'b']);
    expect(one.settings.drained).toEqual(['b']);
    one.edit({ endpoints: [{ name: 'c', ...https('c'), wieght: 1 }] });
    expect(() => one.configuration.refresh()).toThrow(/did you mean weight/);
    expect(one.settings.endpoints.map(({ name }) => name)).toEqual(['c', 'b']);
  });
});

describe('a store that others write to', () => {
  it('is followed: what comes there counts, what is wrong there does not', async () => {
    await using a = await faultServer({ name: 'a' });
    const store = memoryGatewayStore();
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] }, { store });
    // Another gateway on the same store.
    store.config.write({ groups: { g: { endpoints: [{ endpoint: 'a', model: 'm' }] } } });
    expect((await gateway.get('/v1/chat/completions', chat('g'))).headers.get('x-endpoint')).toBe('a');
    expect(
      gateway.lines.some(({ message, why }) => message === 'configuration taken' && why === 'the store was changed'),
    ).toBe(true);
    store.config.write({ groups: { g: { endpoints: [{ endpoint: 'a', model: 'm' }], strategy: 'fastest' } } });
    expect((await gateway.get('/v1/chat/completions', chat('g'))).status).toBe(200);
    expect(gateway.lines.some(({ message }) => message === 'What was changed in the store was not taken.')).toBe(true);
  });
});

describe('a gateway without any endpoint', () => {
  it('starts where endpoints can be added, and serves once there is one', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ admin: { allowInsecure: true } }, { mayBeEmpty: true });
    expect((await gateway.get('/health/ready')).status).toBe(503);
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(404);
    expect((await ask(gateway, 'GET', '/admin/endpoints')).body).toEqual({ endpoints: [] });
    expect((await ask(gateway, 'PUT', '/admin/endpoints/a', { apiKey: 'k', baseURL: a.url })).status).toBe(201);
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).headers.get('x-endpoint')).toBe('a');
    expect((await gateway.get('/health/ready')).status).toBe(200);
    expect((await ask(gateway, 'DELETE', '/admin/endpoints/a')).status).toBe(200);
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(404);
  });

  it('does not start elsewhere', () => {
    const store = memoryGatewayStore();
    expect(() => new Configuration({ find: () => found({}), env: {}, store })).toThrow(/There is nobody to call/);
  });
});
