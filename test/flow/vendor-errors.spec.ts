// The promise: whatever words a vendor has for it, an error is taken for what it means: a call that another endpoint can serve
// moves on, an endpoint is left alone for that alone which it cannot do, and a caller's mistake takes nothing from anybody.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, chatStream, failure, read } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

type Left = [about: string | null, reason: string];
/** What was answered, what it was taken for, and what the endpoint is left alone for. */
type Case = [vendor: string, status: number, body: unknown, verdict: string, ...left: Left[]];

const MODEL: Left = ['gpt-5', 'model not found'];
const BROKE: Left = [null, 'out of credit'];
const CHAT = 'post chat/completions';
const said = (message: string, more: object = {}) => ({ error: { message, ...more } });
const google = (code: number, status: string, message: string, reason?: string) => [
  { error: { code, message, status, ...(reason && { details: [{ reason, domain: 'googleapis.com' }] }) } },
];
const invalid = { type: 'invalid_request_error', param: null, code: null };

// biome-ignore format: one line per case
const CASES: readonly Case[] = [
  // No such model there.
  ['OpenRouter', 400, said('openai/gpt-foo is not a valid model ID', { code: 400 }), 'model-missing', MODEL],
  ['DeepSeek', 400, said('Model Not Exist', { ...invalid, code: 'invalid_request_error' }), 'model-missing', MODEL],
  ['Mistral', 400, { object: 'error', message: 'Invalid model: x', type: 'invalid_model', param: null, code: '1500' }, 'model-missing', MODEL],
  ['Groq', 400, said('The model `x` has been decommissioned and is no longer supported.', { code: 'model_decommissioned' }), 'model-missing', MODEL],
  ['LiteLLM', 400, said('/chat/completions: Invalid model name passed in model=x.', { param: 'None', code: '400' }), 'model-missing', MODEL],
  ['LiteLLM, not for this key', 401, said('key not allowed to access model.', { type: 'key_model_access_denied', param: 'model', code: '401' }), 'model-missing', MODEL],
  ['Gemini', 404, google(404, 'NOT_FOUND', 'models/gemini-9.1-pro is not found for API version v1main.'), 'model-missing', MODEL],
  ['an older vLLM', 404, { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', param: null, code: 404 }, 'model-missing', MODEL],
  ['vLLM', 404, said('The model `x` does not exist.', { type: 'NotFoundError', param: 'model', code: 404 }), 'model-missing', MODEL],
  ['Ollama', 404, said('model "llama9" not found, try pulling it first', { type: 'api_error' }), 'model-missing', MODEL],
  ['Anthropic', 404, { type: 'error', ...said('model: claude-foo', { type: 'not_found_error' }) }, 'model-missing', MODEL],
  ['Gemini, with a 200', 200, google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'), 'rate-limited', ['gpt-5', '429']],
  ['an older vLLM, with a 200', 200, { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', param: null, code: 404 }, 'model-missing', MODEL],
  ['Anthropic, inside a 200', 200, { type: 'error', ...said('model: claude-foo', { type: 'not_found_error' }) }, 'model-missing', MODEL],
  ['xAI', 404, { code: 'Some requested entity was not found', error: 'The model foo does not exist or your team does not have access to it.' }, 'model-missing', MODEL],
  ['Moonshot', 404, said('Not found the model x or Permission denied', { type: 'resource_not_found_error' }), 'model-missing', MODEL],
  ['Fireworks', 404, said('Model not found, inaccessible, and/or not deployed', { code: 'NOT_FOUND' }), 'model-missing', MODEL],
  ['new-api', 503, said('No available channel for model x', { code: 'model_not_found', type: 'new_api_error' }), 'model-missing', MODEL],
  // The model is there, for another operation.
  ['OpenAI, a model of completions', 404, said('This is not a chat model and thus not supported in the v1/chat/completions endpoint.', { ...invalid, param: 'model' }), 'model-missing', [`(${CHAT} gpt-5)`, 'not for this model']],
  ['OpenAI, a model of responses', 404, said('This model is only supported in v1/responses and not in v1/chat/completions.', { ...invalid, param: 'model' }), 'model-missing', [`(${CHAT} gpt-5)`, 'not for this model']],
  ['Azure, an embedding model', 400, said('The chatCompletion operation does not work with the specified model.', { code: 'OperationNotSupported' }), 'model-missing', [`(${CHAT} gpt-5)`, 'not for this model']],
  ['vLLM, an embedding model', 400, said('The model does not support Chat Completions API', { type: 'BadRequestError', code: 400 }), 'model-missing', [`(${CHAT} gpt-5)`, 'not for this model']],
  // No provider for this one call.
  ['OpenRouter, no endpoints', 404, said('No endpoints found that support image input', { code: 404 }), 'not-supported'],
  ['OpenRouter, by the privacy settings', 404, said('No allowed providers are available for the selected model.', { code: 404 }), 'not-supported'],
  // The operation is not there.
  ['FastAPI', 404, { detail: 'Not Found' }, 'operation-missing', [`(${CHAT})`, 'operation not found']],
  ['FastAPI, the method', 405, { detail: 'Method Not Allowed' }, 'operation-missing', [`(${CHAT})`, 'operation not found']],
  ['Groq', 404, said('Unknown request URL: POST /openai/v1/foo.', { ...invalid, code: 'unknown_url' }), 'operation-missing', [`(${CHAT})`, 'operation not found']],
  ['Azure', 404, said('Resource not found', { code: '404' }), 'operation-missing', [`(${CHAT})`, 'operation not found']],
  ['llama.cpp', 501, said('This server does not support chat.', { code: 501, type: 'not_supported_error' }), 'operation-missing', [`(${CHAT})`, 'operation not found']],
  ['LM Studio, with a 200', 200, { error: 'Unexpected endpoint or method. (POST /v1/chat/completions)' }, 'operation-missing', [`(${CHAT})`, 'operation not found']],
  // The key.
  ['Gemini', 400, google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 'API_KEY_INVALID'), 'credentials-refused', [null, '400']],
  ['Gemini, leaked', 403, google(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked. Please use another API key.'), 'credentials-refused', [null, '403']],
  ['xAI', 400, { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: xx***yy.' }, 'credentials-refused', [null, '400']],
  ['Groq, a restricted organization', 400, said('Organization has been restricted.', { code: 'organization_restricted' }), 'credentials-refused', [null, '400']],
  ['Anthropic, inside a 200', 200, { type: 'error', ...said('invalid x-api-key', { type: 'authentication_error' }) }, 'credentials-refused', [null, '401']],
  ['OpenAI, a restricted key', 401, said('You have insufficient permissions for this operation. Missing scopes: model.request.', invalid), 'forbidden', [`(${CHAT})`, '401']],
  ['Gemini, by region', 400, google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'), 'forbidden', ['gpt-5', '400']],
  // The money.
  ['Anthropic', 400, said('Your credit balance is too low to access the Anthropic API.', { type: 'invalid_request_error' }), 'out-of-credit', BROKE],
  ['LiteLLM', 400, said('Budget has been exceeded! Current cost: 1, Max budget: 0.5', { type: 'budget_exceeded', code: '400' }), 'out-of-credit', BROKE],
  ['DashScope', 400, said('Access denied, please make sure your account is in good standing.', { code: 'Arrearage' }), 'out-of-credit', BROKE],
  ['Fireworks', 412, said('Account x is suspended, possibly due to reaching the monthly spending limit.'), 'out-of-credit', BROKE],
  ['SiliconFlow', 403, { code: 30001, message: 'Sorry, your account balance is insufficient', data: null }, 'out-of-credit', BROKE],
  ['OpenRouter, the key', 403, said('Key limit exceeded (total limit).', { code: 403 }), 'out-of-credit', BROKE],
  ['Moonshot', 429, said('Your account is suspended, please check your plan and billing details', { type: 'exceeded_current_quota_error' }), 'out-of-credit', BROKE],
  ['DeepSeek', 402, said('Insufficient Balance', { ...invalid, code: 'invalid_request_error' }), 'out-of-credit', BROKE],
  // The rate.
  ['Gemini, per minute', 429, google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'), 'rate-limited', ['gpt-5', '429']],
  ['OpenRouter, of a provider', 429, said('Provider returned error', { code: 429, metadata: { raw: 'rate-limited upstream' } }), 'rate-limited', ['gpt-5', '429']],
  ['Groq, the flex tier', 498, said('Flex tier capacity exceeded', { code: 'capacity_exceeded' }), 'rate-limited', ['gpt-5', '429']],
  // This one call alone asks for too much.
  ['OpenAI, tokens per minute', 429, said('Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 40000.', { type: 'tokens', param: null, code: 'rate_limit_exceeded' }), 'rate-limited'],
  ['OpenRouter, tokens', 402, said('This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 4000.', { code: 402 }), 'not-supported'],
  // Busy.
  ['Anthropic', 529, { type: 'error', ...said('Overloaded', { type: 'overloaded_error' }) }, 'overloaded'],
  ['Azure', 408, said('The operation was timeout.', { code: 'Timeout' }), 'timed-out'],
];

// biome-ignore format: one line per case
const CALLERS: readonly [vendor: string, status: number, body: unknown][] = [
  ['OpenAI, who repeats "credit balance"', 400, said("Invalid value: 'credit balance'.", { ...invalid, param: 'tool_choice' })],
  ['vLLM, who repeats it in quotes', 400, said("Input should be a valid choice, input: 'credit balance'", { type: 'BadRequestError' })],
  ['OpenAI, who repeats "invalid api key"', 400, said('Invalid value: invalid api key', { ...invalid, param: 'user' })],
  ['OpenAI, who repeats "api version"', 400, said("Invalid value: 'api version'.", { ...invalid, param: 'tool_choice' })],
  ['OpenAI, a connector', 424, said('Error retrieving tool list: invalid api key', { type: 'external_connector_error', param: 'tools' })],
  ['vLLM, the context', 400, said("This model's maximum context length is 4096 tokens.", { type: 'BadRequestError', code: 400 })],
  ['Azure, the filter', 400, said('The response was filtered.', { code: 'content_filter', param: 'prompt', status: 400 })],
  ['OpenRouter, moderation', 403, said('Your input was flagged', { code: 403, metadata: { reasons: ['x'], flagged_input: 'y' } })],
  ['Cohere, a listed token', 498, { message: 'The request contains a deny-listed token.' }],
  ['Groq, too long', 413, said('Request too large for model `x`', { type: 'tokens', code: 'rate_limit_exceeded' })],
];

describe('an error of a vendor moves the call on', () => {
  it.each(CASES)('%s, %i: $3', async (_, status, body, verdict, ...left) => {
    await using stage = await openStage({ a: [{ status, body }], b: [] });
    const answer = await chat(stage.client);
    expect(attemptsOf(answer).map((attempt) => attempt.verdict)).toEqual([verdict, 'ok']);
    const { cooldowns, breaker } = stage.state('a');
    expect(cooldowns.map(({ model, reason }) => [model, reason])).toEqual(left);
    expect(breaker).toBe('closed');
  });
});

// biome-ignore format: one line per case
const STREAMED: readonly [vendor: string, frame: string, verdict: string, ...left: Left[]][] = [
  ['OpenAI', 'data: {"error":{"message":"The server had an error","type":"server_error"}}', 'server-error'],
  ['OpenAI, without credit', 'data: {"error":{"message":"You exceeded","type":"insufficient_quota","code":"insufficient_quota"}}', 'out-of-credit', BROKE],
  ['Azure', 'data: {"error":{"code":"429","message":"Too many"}}', 'rate-limited', ['gpt-5', '429']],
  ['OpenRouter', ': OPENROUTER PROCESSING\n\ndata: {"error":{"code":502,"message":"Provider returned error"}}', 'server-error'],
  ['OpenRouter, in a chunk', 'data: {"id":"x","error":{"code":429,"message":"rate"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}', 'rate-limited', ['gpt-5', '429']],
  ['Anthropic', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
  ['Anthropic, the key', 'event: error\ndata: {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}', 'credentials-refused', [null, '401']],
  ['Gemini', 'data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}', 'overloaded'],
  ['Gemini, in a list', 'data: [{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]', 'overloaded'],
  ['vLLM', 'data: {"error":{"message":"engine dead","type":"InternalServerError","param":null,"code":500}}\n\ndata: [DONE]', 'server-error'],
  ['an older vLLM', 'data: {"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404}\n\ndata: [DONE]', 'model-missing', MODEL],
  ['LiteLLM', 'data: {"error":{"message":"litellm.RateLimitError: x","type":"None","param":"None","code":"429"}}', 'rate-limited', ['gpt-5', '429']],
  ['a text', 'data: {"error":"something broke"}', 'server-error'],
  ['no JSON at all', 'event: error\ndata: upstream connect error', 'bad-reply'],
];

describe('an error as the first event of a stream moves it on', () => {
  it.each(STREAMED)('%s: $2', async (_, frame, verdict, ...left) => {
    await using stage = await openStage({ a: [{ stream: [`${frame}\n\n`], endMarker: false }], b: [] });
    const stream = await chatStream(stage.client);
    expect(await read(stream)).toMatchObject({ text: 'Hello from b.', error: undefined });
    expect(attemptsOf(stream).map((attempt) => attempt.verdict)).toEqual([verdict, 'ok']);
    expect(stage.state('a').cooldowns.map(({ model, reason }) => [model, reason])).toEqual(left);
  });
});

describe('an error of a vendor is the caller’s', () => {
  it.each(CALLERS)('%s, %i', async (_, status, body) => {
    await using stage = await openStage({ a: [{ status, body }], b: [] });
    const error = await failure(chat(stage.client));
    expect(error).toMatchObject({ status });
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject({ cooldowns: [], failures: 0, excluded: null });
  });
});

it.each([
  ['vLLM', said("This model's maximum context length is 4096 tokens.", { type: 'BadRequestError', code: 400 })],
  ['Anthropic', said('prompt is too long: 210000 tokens > 200000 maximum', { type: 'invalid_request_error' })],
  [
    'Gemini',
    google(400, 'INVALID_ARGUMENT', 'The input token count (1200000) exceeds the maximum number of tokens allowed.'),
  ],
])('failoverOn: context-length knows the words of %s', async (_, body) => {
  await using stage = await openStage({ a: [{ status: 400, body }], b: [] }, { failoverOn: ['context-length'] });
  expect(attemptsOf(await chat(stage.client)).map(({ verdict }) => verdict)).toEqual(['not-supported', 'ok']);
  expect(stage.state('a').cooldowns).toEqual([]);
});

it('the error itself is the one the SDK would throw, also where that copy of it drops the body', async () => {
  const body = { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 };
  await using stage = await openStage({ a: { status: 404, body } });
  const ours = await failure(chat(stage.client));
  const plain = new OpenAI({ baseURL: stage.servers.a.url, apiKey: stage.keys.a, maxRetries: 0 });
  const theirs = await failure(plain.chat.completions.create({ model: 'gpt-5', messages: [] }));
  for (const field of ['message', 'status', 'code', 'type', 'param', 'error'])
    expect(ours[field], field).toEqual(theirs[field]);
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  expect(attemptsOf(ours)).toMatchObject([{ verdict: 'model-missing' }]);
});
