// The names of the SDK's options: complete for the newest version, passed through by identity.
import type { AzureClientOptions, ClientOptions } from 'openai';
import type { ClientOptions as LowestOptions } from 'openai-6-low';
import { expect, expectTypeOf, it } from 'vitest';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { type azureKeys, clientKeys, urlProblem } from '../../src/config/sdk-options.ts';

it('knows every option of the SDK', () => {
  expectTypeOf<keyof ClientOptions>().toEqualTypeOf<(typeof clientKeys)[number]>();
  expectTypeOf<Exclude<keyof AzureClientOptions, keyof ClientOptions>>().toEqualTypeOf<(typeof azureKeys)[number]>();
  expectTypeOf<Exclude<keyof LowestOptions, (typeof clientKeys)[number]>>().toEqualTypeOf<never>();
});

it('passes every one of them to the client untouched', () => {
  const marker = Symbol('inherited');
  const values = Object.fromEntries(clientKeys.map((key) => [key, { key }])) as Record<PropertyKey, unknown>;
  values[marker] = 1;
  expect(resolveSettings(values, {}).client).toBe(values);
  const { client } = resolveSettings({ ...values, strategy: 'random' }, {}) as unknown as { client: typeof values };
  for (const key of [...clientKeys, marker]) expect(client[key]).toBe(values[key]);
  expect(Reflect.ownKeys(client)).toHaveLength(clientKeys.length + 1);
});

it.each([
  ['https://api.openai.com/v1', undefined],
  ['http://127.0.0.1:8080', undefined],
  ['https://user:pass@host.example/v1?code=1#x', undefined],
  ['', undefined],
  ['api.openai.com/v1', 'has no scheme; put https://'],
  ['localhost:8080/v1', 'has no scheme; put http:// or https://'],
  ['ftp://host.example', 'is neither http nor https'],
  ['sk-canary', 'is no URL'],
  ['https://', 'is no URL'],
])('urlProblem(%s)', (url, problem) => {
  if (problem === undefined) expect(urlProblem(url)).toBeUndefined();
  else expect(urlProblem(url)).toContain(problem);
});
