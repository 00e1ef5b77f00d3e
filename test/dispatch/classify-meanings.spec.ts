// The verdict table where the status says less than the codes and words beside it: what vendors call the same thing.
import type { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { CooldownOrder, Verdict } from '../../src/call/outcome.ts';
import { classify } from '../../src/dispatch/classify.ts';
import type { ClassifyContext } from '../../src/dispatch/classify-context.ts';
import { renewsKey } from '../../src/endpoint/sdk-client.ts';
import { aCall, apiError, endpointSettings, errorInside200 } from '../support/parts.ts';

type Expected = { [Field in keyof Verdict]?: Verdict[Field] | undefined };

const MINUTE = 60_000;
const CONTEXT: ClassifyContext = {
  ...{ wallNow: 0, failoverOn: [], slowerThanUsual: false, ownBound: false, mayRepeat: true, replayable: true },
  ...{ answeredBefore: false, renewable: false, baseURL: 'https://a.example/v1', serves: false },
  servesModel: false,
};
const judge = (error: unknown, path = '/chat/completions') =>
  classify({ is: 'error', error, phase: 'head', sent: 'maybe' }, aCall({ path }), CONTEXT);
const cooled = (scope: CooldownOrder['scope'], reason: string, ms: number | undefined): Expected => ({
  cooldown: expect.objectContaining({ scope, reason, ms }) as CooldownOrder,
});
const NONE = { cooldown: undefined };
const MODEL = { name: 'model-missing', ...cooled('model', 'model not found', 5 * MINUTE) } as const;
const USE = { name: 'model-missing', ...cooled('use', 'not for this model', 5 * MINUTE) } as const;
const BROKE = { name: 'out-of-credit', ...cooled('endpoint', 'out of credit', undefined) } as const;
const badKey = (status: number) =>
  ({ name: 'credentials-refused', ...cooled('endpoint', String(status), 5 * MINUTE) }) as const;
const CALLER = { name: 'caller-error', next: 'throw', ...NONE } as const;

describe('a refusal', () => {
  it.each<[string, APIError, Expected]>([
    ...[400, 401, 403, 404, 410].map((status): [string, APIError, Expected] => [
      `${status}, no such model`,
      apiError(status, { message: 'The model `x` does not exist.' }),
      MODEL,
    ]),
    ...[400, 404].map((status): [string, APIError, Expected] => [
      `${status}, a model for something else`,
      apiError(status, { message: 'This model is only supported in v1/responses.', param: 'model' }),
      USE,
    ]),
    ...[400, 403, 404, 412].map((status): [string, APIError, Expected] => [
      `${status}, a bad key`,
      apiError(status, { message: 'Your API key has expired.' }),
      badKey(status),
    ]),
    ...[400, 403, 404, 412, 429].map((status): [string, APIError, Expected] => [
      `${status}, no credit`,
      apiError(status, { message: 'Insufficient balance' }),
      BROKE,
    ]),
    ...[400, 403].map((status): [string, APIError, Expected] => [
      `${status}, the region`,
      apiError(status, { message: 'User location is not supported for the API use.' }),
      { name: 'forbidden', ...cooled('model', String(status), 5 * MINUTE) },
    ]),
    ...[401, 403].map((status): [string, APIError, Expected] => [
      `${status}, a scope`,
      apiError(status, { message: 'Missing scopes: model.request' }),
      { name: 'forbidden', ...cooled('operation', String(status), 5 * MINUTE) },
    ]),
    [
      '402, too much for what is left',
      apiError(402, { message: 'can only afford 4' }),
      { name: 'not-supported', ...NONE },
    ],
    ['429, too much at once', apiError(429, { message: 'Request too large for x' }), { name: 'rate-limited', ...NONE }],
    ['404, no provider', apiError(404, { message: 'No allowed providers' }), { name: 'not-supported', ...NONE }],
    [
      '498, no capacity',
      apiError(498, { code: 'capacity_exceeded' }),
      { name: 'rate-limited', ...cooled('model', '429', undefined) },
    ],
    ['503 of a relay without the model', apiError(503, { code: 'model_not_found' }), MODEL],
    [
      '503 that speaks of a model',
      apiError(503, { message: 'The model does not exist' }),
      { name: 'overloaded', ...NONE },
    ],
  ])('%s', (_, error, expected) => {
    expect({ cooldown: undefined, ...judge(error) }).toMatchObject({ next: 'another', ...expected });
  });

  it.each<[string, APIError]>([
    ['498 without a code', apiError(498, { message: 'deny-listed token' })],
    ['413 that speaks of a rate', apiError(413, { message: 'Request too large', code: 'rate_limit_exceeded' })],
    ['415 that speaks of a model', apiError(415, { message: 'The model does not exist' })],
    ['422 that speaks of credit', apiError(422, { message: 'credit balance' })],
    ['a parameter is to blame', apiError(400, { message: 'credit balance', param: 'user' })],
    ['the words stand in quotes', apiError(400, { message: "no 'credit balance' allowed" })],
    ['a model is mentioned', apiError(400, { message: 'This model cannot see. The image was not found.' })],
    ['a parameter of a model', apiError(400, { message: 'Unknown model parameter' })],
  ])('is the caller’s: %s', (_, error) => {
    expect({ cooldown: undefined, ...judge(error) }).toMatchObject(CALLER);
  });

  it('of a key that is a function: once more only where a fresh one may help', () => {
    const renewable = (error: APIError) =>
      classify({ is: 'error', error, phase: 'head', sent: 'maybe' }, aCall(), { ...CONTEXT, renewable: true }).next;
    expect(renewable(apiError(401, { code: 'invalid_api_key' }))).toBe('same');
    expect(renewable(apiError(401, { message: 'Missing scopes: x' }))).toBe('another');
    expect(renewable(apiError(401, { type: 'key_model_access_denied' }))).toBe('another');
  });
});

it.each<[string, object, Expected]>([
  ['authentication_error', { type: 'authentication_error' }, badKey(401)],
  ['permission_error', { type: 'permission_error' }, { name: 'forbidden', ...cooled('model', '403', 5 * MINUTE) }],
  ['not_found_error of a model', { type: 'not_found_error', message: 'model: x' }, MODEL],
  ['billing_error', { type: 'billing_error' }, BROKE],
  ['UNAVAILABLE', { status: 'UNAVAILABLE' }, { name: 'overloaded', ...NONE }],
  [
    'RESOURCE_EXHAUSTED',
    { status: 'RESOURCE_EXHAUSTED' },
    { name: 'rate-limited', ...cooled('model', '429', undefined) },
  ],
  ['request_too_large', { type: 'request_too_large' }, CALLER],
  ['a bad key in an invalid request', { type: 'invalid_request_error', message: 'Invalid API key' }, badKey(400)],
  [
    'LM Studio without the path',
    { message: 'Unexpected endpoint or method. (POST /v1/x)' },
    { name: 'operation-missing', ...cooled('operation', 'operation not found', 10 * MINUTE) },
  ],
  ['words alone', { message: 'authentication of an upstream failed' }, { name: 'server-error', ...NONE }],
])('an error object inside a 200: %s', (_, body, expected) => {
  expect({ cooldown: undefined, ...judge(errorInside200(body)) }).toMatchObject(expected);
});

it.each<[string, unknown, unknown, boolean]>([
  ['a function', async () => 'x', undefined, true],
  ['a text', 'x', undefined, false],
  ['a brought client’s function', {}, { _options: { apiKey: async () => 'x' } }, true],
  ['a brought client’s text', {}, { _options: { apiKey: 'x' } }, false],
  ['a brought client without options', {}, {}, false],
])('a key that may be renewed: %s', (_, credential, client, renews) => {
  expect(renewsKey(endpointSettings({ credential, client: client as never }))).toBe(renews);
});
