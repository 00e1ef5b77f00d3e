// T24: the configuration handed out, as a file could hold it and without a secret in it.
import { describe, expect, it } from 'vitest';
import { exported } from '../../../src/gateway/admin/config-export.ts';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { ask } from '../../support/admin.ts';
import { gatewayWith } from '../../support/gateway.ts';

const SECRET = 'sk-canary-Qw8Er7Ty6';
const file = {
  apiKey: `${SECRET}-top`,
  defaultHeaders: { 'x-team': `${SECRET}-team` },
  endpoints: [
    { name: 'one', apiKey: `${SECRET}-one`, baseURL: `https://a.example.com/v1?sig=${SECRET}` },
    { name: 'two', apiKey: `\${TWO:-${SECRET}-two}`, baseURL: `https://\${HOST_B:-${SECRET}.example.com}/v1` },
    {
      name: 'three',
      type: 'azure',
      endpoint: 'https://x.openai.azure.com',
      apiVersion: '2025-04-01-preview',
      apiKeyEnv: 'AZURE',
    },
  ],
  groups: {
    'gpt-5': { strategy: 'priority', endpoints: [{ endpoint: 'one' }, { endpoint: 'two', model: 'x' }], fallback: [] },
  },
  clientKeys: [
    { name: 'app', key: `${SECRET}-app`, limits: { requestsPerMinute: 5 } },
    { name: 'web', key: '${WEB_KEY}' },
  ],
  adminKeys: [{ name: 'boss', key: `${SECRET}-boss` }],
  store: { type: 'redis', url: `redis://:${SECRET}@localhost:6379` },
  prices: { 'gpt-5': { input: 1, output: 2 } },
  timeout: 30_000,
};
const env = { AZURE: `${SECRET}-azure`, WEB_KEY: `${SECRET}-web` };

describe('the exported configuration', () => {
  it('holds no secret, wherever it stood, and says by references where each belongs', () => {
    const config = exported(settingsOf(file, env, 'test'), []) as typeof file;
    expect(JSON.stringify(config)).not.toContain(SECRET);
    expect(config).toMatchObject({
      apiKey: '${OPENAI_API_KEY}',
      defaultHeaders: { 'x-team': '${OPENAI_X_TEAM}' },
      endpoints: [
        { name: 'one', apiKey: '${ONE_API_KEY}', baseURL: 'https://a.example.com/v1' },
        { name: 'two', apiKey: '${TWO}', baseURL: 'https://${HOST_B}/v1' },
        { name: 'three', apiKeyEnv: 'AZURE' },
      ],
      clientKeys: [
        { name: 'app', key: '${APP_KEY}', limits: { requestsPerMinute: 5 } },
        { name: 'web', key: '${WEB_KEY}' },
      ],
      adminKeys: [{ name: 'boss', key: '${BOSS_KEY}' }],
      store: { type: 'redis', url: 'redis://localhost:6379' },
      ...{ groups: file.groups, prices: file.prices, timeout: 30_000 },
    });
  });

  it('is a configuration: with its variables set it means the same', () => {
    const config = exported(settingsOf(file, env, 'test'), []);
    const names = [...JSON.stringify(config).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name as string);
    const values = Object.fromEntries(
      names.map((name) => [name, `value-of-${name.replaceAll('_', '-').toLowerCase()}`]),
    );
    const again = settingsOf(config, { ...values, AZURE: 'x', HOST_B: 'b.example.com' }, 'test');
    expect(again.endpoints.map(({ name, type }) => [name, type])).toEqual([
      ['one', 'openai'],
      ['two', 'openai'],
      ['three', 'azure'],
    ]);
    expect(again.groups.map(({ name, members }) => [name, members.length])).toEqual([['gpt-5', 2]]);
    expect(again.clientKeys.map(({ name }) => name)).toEqual(['app', 'web']);
  });

  it('holds what was made here as well, and what the environment says', async () => {
    await using gateway = await gatewayWith(
      { admin: { allowInsecure: true } },
      { env: { OPENAI_API_KEYS: `${SECRET}-1,${SECRET}-2`, ANTHROPIC_API_KEY: `${SECRET}-3` } },
    );
    await ask(gateway, 'PUT', '/admin/endpoints/mine', { apiKey: SECRET, baseURL: 'http://127.0.0.1:9/v1' });
    await ask(gateway, 'PUT', '/admin/groups/g', { endpoints: [{ endpoint: 'mine' }] });
    await ask(gateway, 'POST', '/admin/keys', { name: 'app', groups: ['g'] });
    const { text, body } = await ask(gateway, 'GET', '/admin/config');
    expect(text).not.toContain(SECRET);
    expect(body).toEqual({
      config: {
        admin: { allowInsecure: true },
        endpoints: [
          { name: 'openai-1', type: 'openai', apiKey: '${OPENAI_1_API_KEY}' },
          { name: 'openai-2', type: 'openai', apiKey: '${OPENAI_2_API_KEY}' },
          { name: 'anthropic-1', type: 'anthropic', apiKey: '${ANTHROPIC_API_KEY}' },
          { name: 'mine', apiKey: '${MINE_API_KEY}', baseURL: 'http://127.0.0.1:9/v1' },
        ],
        groups: { g: { endpoints: [{ endpoint: 'mine' }] } },
        clientKeys: [{ name: 'app', key: '${APP_KEY}', groups: ['g'] }],
      },
      source: 'test',
      warnings: [],
    });
  });
});
