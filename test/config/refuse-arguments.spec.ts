// What is refused in the constructor's arguments and in the environment.
import { OpenAI } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { optionsOf } from '../../src/config/constructor-arguments.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { CANARY, expectRefusal, k, refuse } from './refusal.ts';

describe("the constructor's arguments", () => {
  it.each<[string, unknown[], string, string]>([
    [
      'a key',
      [CANARY],
      'invalid_value',
      'first argument: must be an array of endpoints or an options object, got a string',
    ],
    ['null', [null], 'invalid_value', 'first argument: must be an array of endpoints or an options object, got null'],
    [
      'nothing, with options',
      [undefined, {}],
      'invalid_value',
      'first argument: must be an array of endpoints or an options object, got undefined',
    ],
    ['options twice', [{ endpoints: [k] }, {}], 'invalid_value', 'second argument: goes with an array of endpoints'],
    ['a second list', [[k], [k]], 'invalid_value', 'second argument: must be an options object, got an array'],
    ['text as options', [[k], 'random'], 'invalid_value', 'second argument: must be an options object, got a string'],
    ['endpoints in both', [[k], { endpoints: [k] }], 'conflicting_options', 'endpoints: are given twice'],
  ])('%s', (_, args, code, message) => {
    expectRefusal(refuse(args), code, message);
  });
});

describe('the environment', () => {
  const EXAMPLE = 'expected for example SERVICE_ENDPOINTS=\'{"openai":["https://api.openai.com/v1"]}\'';
  it.each([
    ['no JSON', `{"openai":[${CANARY}]}`, 'SERVICE_ENDPOINTS: the environment variable is no JSON at position 11; '],
    [
      'JSON that is cut',
      '{"openai":["https://canary"]',
      'SERVICE_ENDPOINTS: the environment variable ends too early; ',
    ],
    ['a list', '["https://canary"]', 'SERVICE_ENDPOINTS: the environment variable must hold an object, got an array; '],
    [
      'a single URL',
      '{"openai":"https://canary"}',
      'SERVICE_ENDPOINTS.openai: must be an array of URLs, got a string; ',
    ],
    [
      'another service',
      '{"opnai":["https://canary"]}',
      "SERVICE_ENDPOINTS: names an unknown service; did you mean openai?; known are 'openai' and 'anthropic'; ",
    ],
    ['no URL', '{"openai":["https://ok.example","canary"]}', 'SERVICE_ENDPOINTS.openai[1]: is no URL; '],
    ['a number', '{"openai":[7]}', 'SERVICE_ENDPOINTS.openai[0]: must be a URL, got 7; '],
  ])('SERVICE_ENDPOINTS with %s', (_, SERVICE_ENDPOINTS, message) => {
    const error = refuse([], { OPENAI_API_KEYS: 'k', SERVICE_ENDPOINTS });
    expectRefusal(error, 'invalid_service_endpoints', message);
    expect(error.message).toContain(EXAMPLE);
  });

  it('OPENAI_API_KEYS with a broken key', () => {
    const error = refuse([], { OPENAI_API_KEYS: `good,${CANARY} ${CANARY}` });
    expectRefusal(error, 'invalid_value', 'OPENAI_API_KEYS[1]: holds a blank');
  });

  it('nothing set is left to the SDK', () => {
    vi.stubEnv('OPENAI_API_KEY', undefined).stubEnv('OPENAI_ADMIN_KEY', undefined);
    const { endpoints, client } = resolveSettings(optionsOf(), {});
    expect(endpoints).toEqual([]);
    expect(() => new OpenAI(client)).toThrow(/Missing credentials/);
    vi.unstubAllEnvs();
  });
});
