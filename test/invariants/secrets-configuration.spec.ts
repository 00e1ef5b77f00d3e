// Invariant 15 for wrong options: whatever is written into whichever option, no message repeats it, since it may be a key.
import { OpenAIError } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { canary, leaks } from '../support/canary.ts';
import { fc, runs } from '../support/property.ts';

const KEY = canary('wrong');
const k = { apiKey: 'k' };

const build = (...args: unknown[]) =>
  new (LoadBalancedOpenAI as new (...args: unknown[]) => LoadBalancedOpenAI)(...args);

/** What the constructor, or whatever else, throws; `undefined` when it throws nothing. */
function thrown(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

afterEach(() => vi.unstubAllEnvs());

const POOL =
  'apiKey adminAPIKey organization project webhookSecret baseURL dataResidency timeout fetchOptions fetch maxRetries defaultHeaders defaultQuery logLevel logger workloadIdentity credential provider strategy maxAttempts failover attemptTimeout streamIdleTimeout rescue breaker retryBudget waitingRoom panic affinity modelMaps failoverOn classify maxResponseBytes shareState observers clock endpoint token key'.split(
    ' ',
  );
const ENDPOINT =
  'name type client modelMap models operations weight priority tags apiKeyEnv apiKey baseURL endpoint apiVersion deployment azureADTokenProvider defaultHeaders defaultQuery timeout adminAPIKey provider apikey url'.split(
    ' ',
  );

const value = fc.oneof(
  fc.constantFrom<unknown>(
    KEY,
    ` ${KEY}`,
    `${KEY}\n`,
    `https://${KEY}`,
    `http://u:${KEY}@a.example/v1`,
    `${KEY}.example`,
  ),
  fc.constantFrom<unknown>(
    { [KEY]: KEY },
    [KEY],
    [[KEY, KEY]],
    { priority: KEY },
    { pick: KEY },
    new Map([[KEY, KEY]]),
  ),
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    -1,
    true,
    Number.NaN,
    '',
    {},
    [],
    Symbol.for('x'),
    5n,
    () => KEY,
    'azure',
  ),
);
const options = (names: readonly string[]) =>
  fc.dictionary(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, fc.constant(KEY)), value, { maxKeys: 4 });

describe('invariant 15: wrong options', () => {
  it('of any kind, in any number: what is thrown is an error of ours or the SDK’s and repeats nothing', () => {
    let refused = 0;
    const endpoints = fc.array(fc.oneof({ weight: 6, arbitrary: options(ENDPOINT) }, value), { maxLength: 3 });
    fc.assert(
      fc.property(options(POOL), endpoints, fc.boolean(), (beside, list, two) => {
        const error = thrown(() => (two ? build([k, ...list], beside) : build({ ...beside, endpoints: [k, ...list] })));
        if (error === undefined) return;
        refused += 1;
        expect(error).toBeInstanceOf(OpenAIError);
        expect(leaks(error, [KEY])).toEqual([]);
      }),
      runs(500),
    );
    expect(refused).toBeGreaterThan(300);
  });

  it.each<[string, () => unknown]>([
    ['a key in place of the options', () => build(KEY)],
    ['a key in place of the second argument', () => build([k], KEY)],
    ['a list of keys', () => build([KEY, KEY])],
    ['a key as the name of an option', () => build({ endpoints: [{ ...k, [KEY]: 1 }] })],
    ['a key without any sign of one as that name', () => build({ endpoints: [{ ...k, a1b2c3d4e5f6a7b8c9d0e1f2: 1 }] })],
    ['a key as the name of an endpoint', () => build([{ apiKey: KEY, name: KEY }])],
    ['a key as the name of a variable', () => build([{ apiKeyEnv: KEY }])],
    ['a key in an address', () => build([{ ...k, baseURL: `https://user:${KEY}@a.example/v1` }])],
    [
      'a key in an Azure address',
      () => build([{ ...k, type: 'azure', endpoint: `https://${KEY}@a.example`, apiVersion: '1' }]),
    ],
    ['a key as a strategy', () => build([k], { strategy: KEY })],
    ['a key in a model map', () => build([{ ...k, modelMap: { [KEY]: 7 } }])],
    ['an endpoint asked for by its key', () => build([k, k]).balancer.endpoint(KEY)],
    ['a pin by its key', () => build([k, k]).balancer.pin(KEY)],
    ['a key as an event', () => build([k]).balancer.on(KEY as never, () => undefined)],
    ['a key as a listener', () => build([k]).balancer.on('*', KEY as never)],
    ['withOptions with two endpoints', () => build([k, k]).withOptions({ apiKey: KEY })],
    [
      'a key in a wrong place of withOptions',
      () => build([k, k]).withOptions({ timeout: KEY, maxRetry: KEY } as never),
    ],
    ['an endpoint added', () => build([k]).balancer.add({ apiKey: `${KEY} ${KEY}`, [KEY]: KEY } as never)],
  ])('%s', (_, work) => {
    const error = thrown(work);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(leaks(error, [KEY, 'a1b2c3d4e5f6a7b8c9d0e1f2'])).toEqual([]);
  });

  it.each([
    ['keys apart by blanks', { OPENAI_API_KEYS: `${KEY} ${KEY}` }, /^OPENAI_API_KEYS\[0\]: .*separate keys by commas$/],
    [
      'keys apart by semicolons',
      { OPENAI_API_KEYS: `${KEY};${KEY}` },
      /^OPENAI_API_KEYS\[0\]: .*separate keys by commas$/,
    ],
    [
      'keys among the URLs',
      { OPENAI_API_KEY: 'k', SERVICE_ENDPOINTS: `{"openai":["${KEY}"]}` },
      /openai\[0\]: is no URL/,
    ],
    ['keys in place of JSON', { OPENAI_API_KEY: 'k', SERVICE_ENDPOINTS: KEY }, /is no JSON at position 0/],
    ['a key as a service', { OPENAI_API_KEY: 'k', SERVICE_ENDPOINTS: `{"${KEY}":[]}` }, /unknown service/],
    [
      'a key in the address',
      { OPENAI_API_KEYS: 'k', OPENAI_BASE_URL: `https://u:${KEY}@a.example` },
      /baseURL: holds a user and a password/,
    ],
  ])('of the environment: %s', (_, env, message) => {
    for (const [name, text] of Object.entries(env)) vi.stubEnv(name, text);
    const error = thrown(() => build()) as ConfigurationError;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(message);
    expect(leaks(error, [KEY])).toEqual([]);
  });
});

it('an address with a user and a password is fine for a fetch of one’s own', () => {
  const fetch = async () => Response.json({});
  expect(thrown(() => build([{ ...k, baseURL: 'https://u:p@a.example/v1', fetch }]))).toBeUndefined();
  expect(thrown(() => build([{ ...k, baseURL: 'https://u:p@a.example/v1' }], { fetch }))).toBeUndefined();
});

describe('what is nearly right is answered with what is right', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'an event',
      () => build([k]).balancer.on('ejected' as never, () => undefined),
      /unknown event 'ejected'.*'endpoint-ejected'/,
    ],
    [
      'an event by a slip',
      () => build([k]).balancer.on('call-ends' as never, () => undefined),
      /did you mean call-end\?/,
    ],
    ['no listener', () => build([k]).balancer.on('call-end', undefined as never), /must be a function, got undefined/],
    [
      'half a percent',
      () => build([k], { breaker: { errorThresholdPercentage: 0.5 } }),
      /write 50 for a half, not 0\.5/,
    ],
    ['a log level', () => build([k], { logLevel: 'warning' }), /'warn', 'info', 'debug'; got a string$/],
    [
      'a strategy that nobody has',
      () => build([k], { strategy: 'bandit' }),
      /a value with pick\(candidates, call\); got 'bandit'$/,
    ],
    [
      'an option of withOptions',
      () => build([k, k]).withOptions({ timeot: 3 } as never),
      /timeot: unknown option; did you mean timeout\?/,
    ],
    [
      'a value of withOptions',
      () => build([k, k]).withOptions({ timeout: 'x' } as never),
      /withOptions\.timeout: must be/,
    ],
  ])('%s', (_, work, message) => {
    const error = thrown(work);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
  });

  it('what the SDK does not know and nobody meant passes withOptions, as it does there', () => {
    expect(thrown(() => build([k, k]).withOptions({ zebra: 1, timeout: 5_000 } as never))).toBeUndefined();
  });
});
