// The verdict table: one row per line of the table of errors, with what api.md adds. Statuses first, then errors inside a 200.
import { APIError, OpenAIError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { CooldownOrder, Outcome, Verdict } from '../../src/call/outcome.ts';
import { classify } from '../../src/dispatch/classify.ts';
import type { ClassifyContext } from '../../src/dispatch/classify-context.ts';
import { aCall, apiError, errorInside200 } from '../support/parts.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-01-01T00:00:00Z');

const CONTEXT: ClassifyContext = {
  wallNow: NOW,
  failoverOn: [],
  slowerThanUsual: false,
  ownBound: false,
  mayRepeat: true,
  replayable: true,
  answeredBefore: false,
  renewable: false,
  baseURL: 'https://a.example/v1',
  serves: false,
  servesModel: false,
};

const failure = (error: unknown, phase: 'head' | 'body' = 'head'): Outcome => ({
  is: 'error',
  error,
  phase,
  sent: 'maybe',
});
const judge = (error: unknown, call: Parameters<typeof aCall>[0] = {}, context: Partial<ClassifyContext> = {}) =>
  classify(failure(error), aCall(call), { ...CONTEXT, ...context });

const cooled = (scope: CooldownOrder['scope'], reason: string, ms: number | undefined, pause = false) => ({
  cooldown: { scope, reason, ms, pause },
});
const NO_MONEY = (ms?: number) =>
  ({
    cooldown: {
      scope: 'endpoint',
      reason: 'out of credit',
      ms,
      grows: { first: 10 * MINUTE, longest: 60 * MINUTE },
      pause: false,
    },
  }) as const;
const NONE = { cooldown: undefined };

type Expected = Partial<Verdict> | typeof NONE;
const CALLER = { name: 'caller-error', next: 'throw', health: 'neutral', ...NONE } as const;
const MODEL_MISSING = {
  name: 'model-missing',
  next: 'another',
  health: 'neutral',
  ...cooled('model', 'model not found', 5 * MINUTE),
} as const;
const BROKE = { name: 'out-of-credit', next: 'another', health: 'neutral', scope: 'endpoint' } as const;
const SERVER = { name: 'server-error', next: 'another', health: 'failure', maybeExecuted: true, ...NONE } as const;

/** The table asserts what is named; a cooldown that is not named must not be there. */
function check(found: Verdict, expected: Expected): void {
  expect({ cooldown: undefined, ...found }).toMatchObject({ ...NONE, ...expected });
}

describe('a reply', () => {
  it('is ok', () => {
    check(classify({ is: 'reply', status: 200, headers: new Headers() }, aCall(), CONTEXT), {
      name: 'ok',
      next: 'return',
      health: 'success',
    });
  });
});

describe('400', () => {
  it.each<[string, APIError, Expected]>([
    ['the caller’s request is wrong', apiError(400, { message: 'bad', type: 'invalid_request_error' }), CALLER],
    ['without a body', new APIError(400, undefined, undefined, new Headers()), CALLER],
    ['content_filter', apiError(400, { code: 'content_filter' }), CALLER],
    ['context_length_exceeded', apiError(400, { code: 'context_length_exceeded' }), CALLER],
    ['an unsupported parameter', apiError(400, { code: 'unsupported_parameter' }), CALLER],
    ['an unsupported value', apiError(400, { code: 'unsupported_value' }), CALLER],
    ['model_not_found', apiError(400, { code: 'model_not_found' }), MODEL_MISSING],
    ['DeploymentNotFound', apiError(400, { code: 'DeploymentNotFound' }), MODEL_MISSING],
    [
      'OperationNotSupported',
      apiError(400, { code: 'OperationNotSupported' }),
      { ...MODEL_MISSING, ...cooled('use', 'not for this model', 5 * MINUTE) },
    ],
    ['an unknown api-version', apiError(400, { message: 'Unsupported api-version query' }), MODEL_MISSING],
    ['an unknown API version', apiError(400, { message: 'API version not supported' }), MODEL_MISSING],
    ['a low credit balance', apiError(400, { message: 'Your credit balance is too low' }), { ...BROKE, ...NO_MONEY() }],
    ['a billing limit', apiError(400, { code: 'billing_hard_limit_reached' }), { ...BROKE, ...NO_MONEY() }],
    [
      'a billing limit with a retry-after',
      apiError(400, { code: 'billing_hard_limit_reached' }, { 'retry-after': '30' }),
      { ...BROKE, ...NO_MONEY(30_000) },
    ],
  ])('%s', (_, error, expected) => {
    check(judge(error), expected);
  });

  it.each([413, 415, 422, 410, 418, 451])('%d is the caller’s as well', (status) => {
    check(judge(apiError(status)), CALLER);
  });
});

describe('failoverOn', () => {
  const MOVES = { name: 'not-supported', next: 'another', health: 'neutral', again: false, ...NONE } as const;
  it.each([
    ['content-filter', 400, { code: 'content_filter' }],
    ['content-filter', 400, { code: 'ResponsibleAIPolicyViolation' }],
    ['content-filter', 403, { code: 'content_policy_violation' }],
    ['context-length', 400, { code: 'context_length_exceeded' }],
    ['unsupported-parameter', 400, { code: 'unsupported_parameter' }],
    ['unsupported-parameter', 422, { code: 'unsupported_value' }],
  ] as const)('%s lets a %d move', (reason, status, body) => {
    const error = apiError(status, body);
    check(judge(error, {}, { failoverOn: [reason] }), MOVES);
    check(
      judge(error, {}, { failoverOn: reason === 'context-length' ? ['content-filter'] : ['context-length'] }),
      CALLER,
    );
  });
});

describe('what a refusal is for', () => {
  /** As the vendors were seen to say it. */
  it.each<[reason: string, status: number, body: object]>([
    // OpenAI: chat, responses, embeddings.
    [
      'context-length',
      400,
      {
        message:
          "This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.",
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    ],
    [
      'context-length',
      400,
      {
        message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
        type: 'invalid_request_error',
        param: 'input',
        code: 'context_length_exceeded',
      },
    ],
    [
      'context-length',
      400,
      {
        message:
          "This model's maximum context length is 8192 tokens, however you requested 9000 tokens (9000 in your prompt; 0 for the completion).",
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    ],
    ['context-length', 400, { message: "Invalid 'input': string too long.", code: 'string_above_max_length' }],
    // Anthropic, Gemini, xAI, llama.cpp, vLLM, Bedrock.
    ['context-length', 400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }],
    [
      'context-length',
      400,
      { message: 'The input token count (1100000) exceeds the maximum number of tokens allowed' },
    ],
    [
      'context-length',
      400,
      { message: "This model's maximum prompt length is 131072 but the request contains 140000" },
    ],
    [
      'context-length',
      400,
      { message: 'the request exceeds the available context size', type: 'exceed_context_size_error' },
    ],
    ['context-length', 400, { message: 'Input is too long for requested model.' }],
    // OpenAI, Azure, DashScope, images.
    [
      'content-filter',
      400,
      { message: 'Invalid prompt: flagged as potentially violating our usage policy.', code: 'invalid_prompt' },
    ],
    [
      'content-filter',
      400,
      {
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        code: 'content_filter',
        innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true } } },
      },
    ],
    [
      'content-filter',
      400,
      { message: "The prompt triggered Azure OpenAI's content management policy.", code: null, type: null },
    ],
    [
      'content-filter',
      400,
      { message: 'Input data may contain inappropriate content.', code: 'data_inspection_failed' },
    ],
    ['content-filter', 400, { message: 'Your request was rejected by the safety system.', code: 'moderation_blocked' }],
    ['content-filter', 403, { message: 'flagged', metadata: { reasons: ['violence'], flagged_input: '…' } }],
    // OpenAI, Azure, vLLM and Mistral.
    [
      'unsupported-parameter',
      400,
      {
        message: "Unsupported parameter: 'max_tokens' is not supported with this model.",
        code: 'unsupported_parameter',
      },
    ],
    [
      'unsupported-parameter',
      400,
      { message: "Unsupported value: 'temperature' does not support 0.", code: 'unsupported_value' },
    ],
    ['unsupported-parameter', 400, { message: "Unknown parameter: 'input[0].x'.", code: 'unknown_parameter' }],
    ['unsupported-parameter', 400, { message: 'Unrecognized request argument supplied: reasoning_effort', code: null }],
    ['unsupported-parameter', 422, { message: 'Extra inputs are not permitted', type: 'extra_forbidden' }],
  ])('%s: %d %o', (reason, status, body) => {
    check(judge(apiError(status, body)), { ...CALLER, reason } as never);
    const moved = judge(apiError(status, body), {}, { failoverOn: [reason as never] });
    expect(moved).toMatchObject({ name: 'not-supported', next: 'another', health: 'neutral', reason });
  });

  it('is not known where nothing says so, nor by words of the caller in quotes', () => {
    for (const message of ['Bad.', "Invalid value: 'prompt is too long'.", 'Missing messages.'])
      expect(judge(apiError(400, { message, code: 'invalid_value' }))).not.toHaveProperty('reason');
    expect(judge(apiError(500, { message: 'maximum context length' }))).not.toHaveProperty('reason');
  });
});

describe('401', () => {
  const REFUSED = {
    name: 'credentials-refused',
    next: 'another',
    health: 'neutral',
    ...cooled('endpoint', '401', 5 * MINUTE),
  } as const;
  it.each<[string, Partial<ClassifyContext>, Expected]>([
    ['a key', {}, REFUSED],
    [
      'a function, the first time',
      { renewable: true },
      { name: 'credentials-refused', next: 'same', health: 'neutral' },
    ],
    ['a function, the second time', { renewable: true, mayRepeat: false }, REFUSED],
    [
      'a function, of a call that may be sent twice for this only',
      { renewable: true, replayable: false },
      { next: 'same' },
    ],
  ])('with %s', (_, context, expected) => {
    check(judge(apiError(401, { code: 'invalid_api_key' }), {}, context), expected);
  });
});

describe('credentials that the call brought along', () => {
  const own = { ownCredentials: true };
  it.each<[string, APIError]>([
    ['401', apiError(401)],
    ['402', apiError(402)],
    ['403', apiError(403)],
    ['429 without credit', apiError(429, { code: 'insufficient_quota' })],
    ['400 for a bad key', apiError(400, { message: 'API key not valid.' })],
    ['400 without credit', apiError(400, { message: 'Your credit balance is too low' })],
    ['401 without a scope', apiError(401, { message: 'Missing scopes: model.request' })],
    ['an error object without credit', errorInside200({ code: 'insufficient_quota' })],
  ])('%s: their own affair', (_, error) => {
    check(judge(error, own), CALLER);
  });

  it.each<[string, APIError, Partial<Verdict>]>([
    ['a model that they may not use', apiError(404, { code: 'model_not_found' }), { name: 'model-missing' }],
    ['an operation that they may not use', apiError(404), { name: 'operation-missing' }],
  ])('%s: moves on, and nobody else is kept away', (_, error, expected) => {
    check(judge(error, own), { ...expected, next: 'another', health: 'neutral' });
  });

  it('a rate limit: a pause of this call alone, as long as it was told', () => {
    const limited = { name: 'rate-limited', next: 'another', health: 'neutral' } as const;
    const untold = judge(apiError(429), own);
    check(untold, limited);
    expect(untold.ownPause).toBeUndefined();
    check(judge(apiError(429, {}, { 'retry-after': '7' }), own), { ...limited, ownPause: 7_000 });
  });

  it.each<[string, APIError, Expected]>([
    [
      'a redirect',
      new APIError(307, undefined, undefined, new Headers()),
      { name: 'redirected', ...cooled('endpoint', 'redirects elsewhere', 5 * MINUTE) },
    ],
    [
      'a busy server',
      apiError(503, {}, { 'retry-after': '2' }),
      { name: 'overloaded', ...cooled('model', '503', 2_000, true) },
    ],
  ])('%s is the same as for any other call', (_, error, expected) => {
    expect(judge(error, own)).toMatchObject({ health: judge(error).health, ...expected });
  });
});

describe('402, 403', () => {
  const MODERATED = apiError(403, { message: 'x', metadata: { reasons: ['hate'], flagged_input: '…' } });
  it.each<[string, APIError, Expected]>([
    ['402', apiError(402), { ...BROKE, ...NO_MONEY() }],
    ['402 with a retry-after', apiError(402, {}, { 'retry-after': '5' }), { ...BROKE, ...NO_MONEY(5_000) }],
    [
      '403',
      apiError(403),
      { name: 'forbidden', next: 'another', health: 'neutral', ...cooled('model', '403', 5 * MINUTE) },
    ],
    [
      '403 for a region',
      apiError(403, { code: 'unsupported_country_region_territory' }),
      { name: 'forbidden', ...cooled('model', '403', 5 * MINUTE) },
    ],
    ['403 with moderation metadata', MODERATED, CALLER],
    ['403 with a flagged input alone', apiError(403, { metadata: { flagged_input: 'x' } }), CALLER],
    ['403 with reasons alone', apiError(403, { metadata: { reasons: [] } }), CALLER],
    [
      '403 with other metadata',
      apiError(403, { metadata: { provider: 'x' } }),
      { name: 'forbidden', ...cooled('model', '403', 5 * MINUTE) },
    ],
    ['403 content_policy_violation', apiError(403, { code: 'content_policy_violation' }), CALLER],
    ['403 moderation_blocked', apiError(403, { code: 'moderation_blocked' }), CALLER],
  ])('%s', (_, error, expected) => {
    check(judge(error), expected);
  });
});

describe('404, 405, 501', () => {
  const NOT_FOUND = { name: 'not-found', next: 'throw', health: 'neutral', ...NONE } as const;
  const OPERATION = {
    name: 'operation-missing',
    next: 'another',
    health: 'neutral',
    ...cooled('operation', 'operation not found', 10 * MINUTE),
  } as const;
  it.each<[string, APIError, Parameters<typeof aCall>[0], Expected]>([
    ['a model the endpoint lacks', apiError(404, { code: 'model_not_found' }), {}, MODEL_MISSING],
    ['a deployment it lacks', apiError(404, { code: 'DeploymentNotFound' }), {}, MODEL_MISSING],
    [
      'a router without a provider',
      apiError(404, { message: 'No endpoints found that support image input' }),
      {},
      { name: 'not-supported', next: 'another', again: false, ...NONE },
    ],
    ['an id', apiError(404), { path: '/files/file-1', method: 'get' }, NOT_FOUND],
    ['an id, 405', apiError(405), { path: '/responses/resp_1', method: 'delete' }, NOT_FOUND],
    ['an id, 501', apiError(501), { path: '/files/file-1', method: 'get' }, NOT_FOUND],
    ['an id in the body', apiError(404), { path: '/threads/runs', ownerIds: ['asst_1'] }, NOT_FOUND],
    ['a path nobody knows', apiError(404), { path: '/v2/thing' }, NOT_FOUND],
    ...[
      "No assistant found with id 'asst_1'",
      'The prompt was not found',
      'No such voice',
      "Voice 'my_voice' unknown",
    ].map((message): [string, APIError, Parameters<typeof aCall>[0], Expected] => [
      `something the call names: ${message}`,
      apiError(404, { message }),
      {},
      { name: 'not-supported', next: 'another', health: 'neutral', ...NONE },
    ]),
    ['an operation, 404', apiError(404), { path: '/responses' }, OPERATION],
    [
      'an operation, 404 with words',
      apiError(404, { message: 'Invalid URL (POST /v1/responses)' }),
      { path: '/responses' },
      OPERATION,
    ],
    ['an operation, 405', apiError(405), { path: '/embeddings' }, OPERATION],
    ['an operation, 501', apiError(501), { path: '/files', method: 'get' }, OPERATION],
  ])('%s', (_, error, call, expected) => {
    check(judge(error, call), expected);
  });

  it.each([404, 405, 501])('%d of an operation that the endpoint served lately is about the call', (status) => {
    check(judge(apiError(status), { path: '/responses' }, { serves: true }), {
      name: 'not-supported',
      next: 'another',
      ...NONE,
    });
  });

  it('a 400 about a model that the endpoint served a moment ago is about the call', () => {
    const error = apiError(400, { message: 'The audio model file could not be found.' });
    check(judge(error, {}, { servesModel: true }), { name: 'model-missing', next: 'another', ...NONE });
    const notForThis = judge(apiError(400, { code: 'OperationNotSupported' }), {}, { servesModel: true });
    check(notForThis, { ...MODEL_MISSING, ...cooled('use', 'not for this model', 5 * MINUTE) });
  });

  it('a 404 that blames a parameter of the call is about that', () => {
    check(judge(apiError(404, { message: 'Not here.', param: 'tools' })), { name: 'not-supported', ...NONE });
  });

  it.each([
    ['with the code of the API', { code: 'model_not_found' }],
    ['without one', {}],
  ])('a model that was asked about by name %s keeps nobody else from asking about models', (_, body) => {
    check(judge(apiError(404, body), { path: '/models/no-such', method: 'get', model: undefined }), {
      health: 'neutral',
      ...NONE,
    });
  });

  it('a model that was asked about by name may be known elsewhere', () => {
    const call = { path: '/models/other/vendor', method: 'get', model: undefined };
    check(judge(apiError(404, { code: 'model_not_found' }), call), { next: 'another', ...NONE });
  });
});

it('407 is said by a proxy: nobody’s fault, and another endpoint may be reached without it', () => {
  check(judge(apiError(407)), {
    name: 'connect-failed',
    next: 'another',
    health: 'neutral',
    again: false,
    maybeExecuted: false,
  });
});

describe('408, 409', () => {
  it('408: the server timed out', () => {
    check(judge(apiError(408)), {
      name: 'timed-out',
      next: 'another',
      health: 'failure',
      scope: 'model',
      maybeExecuted: true,
    });
    check(judge(apiError(408, {}, { 'retry-after': '3' })), cooled('model', '408', 3_000, true));
  });

  it('409: once more on the same endpoint, then it is the caller’s', () => {
    check(judge(apiError(409)), { name: 'conflict', next: 'same', health: 'neutral' });
    check(judge(apiError(409), {}, { mayRepeat: false }), { name: 'conflict', next: 'throw', health: 'neutral' });
  });
});

describe('429', () => {
  const limited = (ms: number | undefined) => ({
    name: 'rate-limited' as const,
    next: 'another' as const,
    health: 'neutral' as const,
    maybeExecuted: false,
    ...cooled('model', '429', ms, true),
  });
  it.each<[string, Record<string, string>, number | undefined]>([
    ['without a hint', {}, undefined],
    ['retry-after-ms', { 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    ['retry-after', { 'retry-after': '8' }, 8_000],
    ['a date', { 'retry-after': new Date(NOW + 5_000).toUTCString() }, 5_000],
    ['a negative hint', { 'retry-after': '-1' }, undefined],
    ['an absurd hint', { 'retry-after': '99999999' }, 10 * MINUTE],
    ['a window used up', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 6 * MINUTE],
    ['a window not used up', { 'x-ratelimit-remaining-tokens': '1', 'x-ratelimit-reset-tokens': '6m0s' }, undefined],
    [
      'both: retry-after before the window',
      { 'retry-after': '2', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' },
      2_000,
    ],
  ])('%s', (_, headers, ms) => {
    check(judge(apiError(429, { code: 'rate_limit_exceeded', type: 'requests' }, headers)), limited(ms));
  });

  it.each(['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active', 'insufficient_credits'])(
    '%s: waiting does not help',
    (code) => {
      check(judge(apiError(429, { code })), { ...BROKE, ...NO_MONEY() });
    },
  );

  it('is also known by its type', () => {
    check(judge(apiError(429, { type: 'insufficient_quota' })), { ...BROKE, ...NO_MONEY() });
  });
});

describe('5xx', () => {
  it.each([500, 502, 504, 507, 520, 524, 599])('%d counts, for the model', (status) => {
    check(judge(apiError(status)), { ...SERVER, scope: 'model' });
    check(judge(apiError(status, {}, { 'retry-after': '4' })), cooled('model', String(status), 4_000, true));
  });

  it.each([503, 529])('%d counts, and was turned away', (status) => {
    check(judge(apiError(status)), { name: 'overloaded', next: 'another', health: 'failure', maybeExecuted: false });
    check(judge(apiError(status, {}, { 'retry-after-ms': '40' })), cooled('model', String(status), 40, true));
  });

  it('505 is neutral, and not again for this call', () => {
    check(judge(apiError(505)), { name: 'not-supported', next: 'another', health: 'neutral', again: false });
  });
});

it.each([301, 302, 303, 307, 308])('%d leads elsewhere: counts for the endpoint, 5 min', (status) => {
  check(judge(new APIError(status, undefined, undefined, new Headers({ location: 'https://evil.example' }))), {
    name: 'redirected',
    next: 'another',
    maybeExecuted: true,
    health: 'failure',
    scope: 'endpoint',
    again: false,
    ...cooled('endpoint', 'redirects elsewhere', 5 * MINUTE),
  });
});

describe('x-should-retry', () => {
  it('false rules the endpoint out for this call, no other', () => {
    check(judge(apiError(500, {}, { 'x-should-retry': 'false' })), { ...SERVER, again: false });
    expect(judge(apiError(500, {}, { 'x-should-retry': 'true' })).again).toBe(true);
  });

  it('false on a 409: no second try there', () => {
    check(judge(apiError(409, {}, { 'x-should-retry': 'false' })), { name: 'conflict', next: 'throw', again: false });
  });

  it('false on a 401 with a key that is a function: a fresh key is another request', () => {
    const error = apiError(401, {}, { 'x-should-retry': 'false' });
    check(judge(error, {}, { renewable: true }), { name: 'credentials-refused', next: 'same' });
  });

  it('true on a 4xx is not believed', () => {
    check(judge(apiError(400, {}, { 'x-should-retry': 'true' })), CALLER);
  });
});

describe('an error object inside a 200, or an SSE error event', () => {
  it.each<[string, object, Expected]>([
    [
      'server_error',
      { type: 'server_error', message: 'x' },
      { name: 'server-error', health: 'failure', next: 'another' },
    ],
    ['no word at all', {}, { name: 'server-error', health: 'failure', next: 'another' }],
    ['overloaded', { type: 'overloaded_error' }, { name: 'overloaded', health: 'failure', next: 'another' }],
    [
      'a rate limit',
      { code: 'rate_limit_exceeded' },
      { name: 'rate-limited', health: 'neutral', ...cooled('model', '429', undefined, true) },
    ],
    ['no money', { code: 'insufficient_quota' }, { ...BROKE, ...NO_MONEY() }],
    ['a model it lacks', { code: 'model_not_found' }, MODEL_MISSING],
    ['a bad request', { type: 'invalid_request_error' }, CALLER],
    ['too long a context', { code: 'context_length_exceeded' }, CALLER],
    ['a content filter', { code: 'content_filter' }, CALLER],
    ['a status as code', { code: 503 }, { name: 'overloaded' }],
    ['a status as text', { code: '429' }, { name: 'rate-limited', ...cooled('model', '429', undefined, true) }],
    ['a status beside', { status: 500, message: 'x' }, SERVER],
    ['a code of the caller’s as status', { code: 400 }, CALLER],
    ['a vendor’s number', { code: '1301' }, { name: 'server-error', health: 'failure' }],
  ])('%s', (_, body, expected) => {
    check(judge(errorInside200(body)), expected);
  });

  it('is judged alike after the headers, and may have been carried out', () => {
    for (const body of [{ type: 'overloaded_error' }, { code: 503 }, {}]) {
      const found = classify(failure(errorInside200(body), 'body'), aCall(), CONTEXT);
      expect([found.health, found.maybeExecuted]).toEqual(['failure', true]);
    }
    check(classify(failure(errorInside200({ code: 'content_filter' }), 'body'), aCall(), CONTEXT), CALLER);
  });

  it('uses the headers of the reply for its cooldown', () => {
    check(judge(errorInside200({ code: 'rate_limit_exceeded' }, { 'retry-after': '3' })), {
      name: 'rate-limited',
      ...cooled('model', '429', 3_000, true),
    });
  });

  it('moves for what failoverOn names', () => {
    check(judge(errorInside200({ code: 'content_filter' }), {}, { failoverOn: ['content-filter'] }), {
      name: 'not-supported',
      next: 'another',
    });
  });
});

it.each<[string, unknown]>([
  ['a TypeError of the caller’s own code', new TypeError('body is not serialisable')],
  [
    'an error of the SDK before anything was sent',
    new OpenAIError('Path parameters result in path with invalid segments'),
  ],
  ['text', 'oops'],
  ['nothing', undefined],
])('%s is the caller’s: no endpoint can mend it', (_, thrown) => {
  check(judge(thrown), CALLER);
});
