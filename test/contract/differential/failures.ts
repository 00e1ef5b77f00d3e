// Rows: every error status, with and without a body, with and without retries.
import { expect } from 'vitest';
import { ASK } from '../support/bench.ts';
import type { Reply } from '../support/upstream.ts';
import { apiError, chatCompletion } from '../support/wire.ts';
import { always, chat, chatStream, RETRIES, type Row } from './row.ts';

const STATUSES = [
  400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 418, 421, 422, 423, 424, 425, 426, 428,
  429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 524, 529, 599,
];
const full = apiError('It broke', { type: 'some_type', param: 'messages', code: 'some_code' });
const bodies: Record<string, Partial<Reply>> = {
  'no body': { text: '' },
  'a text body': { text: 'upstream connect error', headers: { 'content-type': 'text/plain' } },
  'an HTML body': { text: '<html><h1>Bad Gateway</h1></html>', headers: { 'content-type': 'text/html' } },
  'JSON without error': { json: { statusCode: 1, message: 'Access denied due to invalid subscription key' } },
  'an error that is a string': { json: { error: 'just a string' } },
  'an error without fields': { json: { error: {} } },
  'an error with a numeric code': { json: { error: { message: 'm', code: 1234 } } },
  'a JSON array': { json: [{ error: { message: 'in an array' } }] },
  'cut JSON': { text: '{"error":{"mess', headers: { 'content-type': 'application/json' } },
  'a null body': { text: 'null', headers: { 'content-type': 'application/json' } },
};

const wait = { 'retry-after-ms': '1' };
const fails = (status: number, headers: Record<string, string> = wait): Reply => ({ status, headers, json: full });
const once =
  (reply: Reply): NonNullable<Row['script']> =>
  ({ index }) =>
    index === 0 ? reply : { json: chatCompletion('gpt-5', 'second try') };

/** A call that its caller gives up as soon as it has arrived. */
const aborted =
  (reason: unknown): Row['call'] =>
  (client, upstream) => {
    const controller = new AbortController();
    const call = client.chat.completions.create(ASK, { signal: controller.signal });
    const watch = () => (upstream.seen.length > 0 ? controller.abort(reason) : void setImmediate(watch));
    watch();
    return call;
  };

/** The same error, but fewer requests than the SDK would make. */
const fewer = (requests: number, why: string): NonNullable<Row['differs']> => ({
  why,
  check: (ours, plain) => {
    expect(ours.error).toMatchObject({
      status: plain.error?.status,
      message: plain.error?.message,
      code: plain.error?.code,
    });
    expect(ours.wire).toHaveLength(requests);
    expect(plain.wire).toHaveLength(3);
  },
});

/** A timeout in all that a caller reads; only what the SDK's own timer left behind as its cause is missing. */
const CAUSELESS: NonNullable<Row['differs']> = {
  why: 'api.md, timeout: the deadline over all attempts is ours, no transport error stands behind it',
  check: (ours, plain) => {
    const visible = ({ cause: _, keys: __, ...error }: Record<string, unknown> = {}) => error;
    expect(visible(ours.error)).toEqual(visible(plain.error));
    expect(ours.wire).toEqual(plain.wire);
  },
};

/** Failures. */
export const failures: Row[] = [
  ...STATUSES.map((status) =>
    always(`${status} with a whole error`, { status, json: full, headers: { 'x-extra': 'e' } }),
  ),
  ...[400, 401, 404, 429, 500, 503].flatMap((status) =>
    Object.entries(bodies).map(([what, reply]) => always(`${status} with ${what}`, { status, ...reply })),
  ),
  ...[400, 401, 429, 500, 529].map((status) => always(`${status} to a stream`, { status, json: full }, chatStream)),
  ...[400, 404, 429, 500].map((status) =>
    always(`${status} to a list`, { status, json: full }, (client) => client.files.list()),
  ),
  ...[404, 409, 500].map((status) =>
    always(`${status} to an id`, { status, json: full }, (client) => client.responses.retrieve('resp_any')),
  ),
  ...[403, 500, 503].map((status) =>
    always(`${status} to a binary answer`, { status, json: full }, (client) =>
      client.audio.speech.create({ model: 't', voice: 'alloy', input: 'x' }),
    ),
  ),
  always('400 of the content filter', {
    status: 400,
    json: {
      error: {
        code: 'content_filter',
        message: 'filtered',
        status: 400,
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      },
    },
  }),
  always('400 of a too long context', {
    status: 400,
    json: apiError('too long', { code: 'context_length_exceeded', param: 'messages' }),
  }),
  always('429 without credit', {
    status: 429,
    json: apiError('no money', { code: 'insufficient_quota', type: 'insufficient_quota' }),
  }),
  always('404 of an unknown model', { status: 404, json: apiError('no model', { code: 'model_not_found' }) }),
  always('429 with retry-after', {
    status: 429,
    headers: { 'retry-after': '7', 'x-ratelimit-reset-tokens': '6m0s' },
    json: full,
  }),
  always('a 500 whose body is cut off', {
    status: 500,
    json: full,
    headers: { 'content-length': '5000' },
    cutAfter: 10,
  }),
  always('a connection reset', { reset: true }),

  ...[400, 401, 403, 404, 413, 422].map((status) =>
    always(`${status} with retries: one request`, fails(status), chat, RETRIES),
  ),
  ...[408, 429, 500, 502, 503, 504, 520, 524, 529].map((status) =>
    always(`${status} for ever: all retries are used`, fails(status), chat, RETRIES),
  ),
  ...[408, 409, 429, 500, 503].map((status) => ({
    name: `${status} once, then an answer`,
    call: chat,
    script: once(fails(status)),
    ...RETRIES,
  })),
  {
    name: '500 once to a stream, then an answer',
    call: chatStream,
    script: ({ index }) => (index === 0 ? fails(500) : undefined),
    ...RETRIES,
  },
  {
    name: '500 once to a list, then an answer',
    call: (client) => client.files.list(),
    script: ({ index }) => (index === 0 ? fails(500) : undefined),
    ...RETRIES,
  },
  { name: '500 once, no hint when to come back', call: chat, script: once({ status: 500, json: full }), ...RETRIES },
  { name: '429 once with retry-after: 0', call: chat, script: once(fails(429, { 'retry-after': '0' })), ...RETRIES },
  always('500 with x-should-retry: false: one request', fails(500, { 'x-should-retry': 'false' }), chat, RETRIES),
  {
    name: 'maxRetries of the call',
    call: (client) => client.chat.completions.create({ model: 'm', messages: [] }, { maxRetries: 1 }),
    script: () => fails(500),
  },

  always('409 for ever', fails(409), chat, {
    ...RETRIES,
    differs: fewer(2, 'api.md, Order of tries: a conflict gets one retry on the same endpoint'),
  }),
  always('501 for ever', fails(501), chat, {
    ...RETRIES,
    differs: fewer(1, 'behaviour.md row 46: what an endpoint does not implement is not asked of it again'),
  }),
  always('505 for ever', fails(505), chat, {
    ...RETRIES,
    differs: fewer(1, 'api.md, Verdicts: 505 is not tried again for this call'),
  }),
  always(
    '429 without credit for ever',
    { status: 429, headers: wait, json: apiError('no money', { code: 'insufficient_quota' }) },
    chat,
    {
      ...RETRIES,
      differs: fewer(1, 'sdk.md E: waiting does not bring credit back'),
    },
  ),
  always('429 that asks for two minutes', fails(429, { 'retry-after': '120' }), chat, {
    ...RETRIES,
    plainOptions: { maxRetries: 0 },
    differs: {
      why: 'api.md, Everybody rate-limited: never a pointless wait, where the SDK sleeps or comes back too early',
      check: (ours, plain) => expect(ours).toEqual(plain),
    },
  }),
  always('400 with x-should-retry: true', fails(400, { 'x-should-retry': 'true', ...wait }), chat, {
    ...RETRIES,
    differs: fewer(1, 'behaviour.md row 47: true on a 4xx is ignored'),
  }),
  always('a timeout of the call', { hang: true }, (client) => client.chat.completions.create(ASK, { timeout: 100 }), {
    differs: CAUSELESS,
  }),
  always('a timeout of the client', { hang: true }, chat, {
    options: { timeout: 100, maxRetries: 0 },
    differs: CAUSELESS,
  }),
  always('an abort while waiting', { hang: true }, aborted(undefined)),
  always('an abort with a reason', { hang: true }, aborted(new Error('changed my mind'))),
  {
    name: 'an abort that was there first',
    call: (client) => client.chat.completions.create(ASK, { signal: AbortSignal.abort() }),
  },
  {
    name: 'a refused connection',
    call: async (client, upstream) => {
      await upstream.close();
      return client.chat.completions.create(ASK);
    },
  },

  always('a redirect', { status: 307, headers: { location: '/v1/elsewhere' }, json: full }, chat, {
    differs: {
      why: 'api.md, Verdicts: nothing is ever sent to Location',
      check: (ours, plain) => {
        expect(plain.wire.map(({ url }) => url)).toContain('/v1/elsewhere');
        expect(ours.wire.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
        expect(ours.error).toMatchObject({ status: 307 });
      },
    },
  }),
  {
    name: 'a 401 that echoes the key',
    call: chat,
    script: ({ headers }) => ({
      status: 401,
      json: apiError(`Incorrect API key provided: ${headers.authorization?.slice(7)}`),
    }),
    differs: {
      why: 'api.md, Origins and secrets: keys are scrubbed from errors',
      check: (ours, plain) => {
        expect(plain.error?.message).toContain('sk-row-');
        expect(JSON.stringify(ours.error)).not.toContain('sk-row-');
        expect(ours.error).toMatchObject({ status: 401, name: plain.error?.name, requestID: plain.error?.requestID });
      },
    },
  },
  {
    name: 'an absolute URL of another origin',
    call: (client, upstream) => client.get(`${upstream.origin.replace('127.0.0.1', 'localhost')}/v1/echo`),
    differs: {
      why: 'api.md, Origins and secrets: another origin is refused before sending, also in a pool of one',
      check: (ours) => {
        expect(ours.wire).toEqual([]);
        expect(ours.error?.classes).toContain('OpenAIError');
      },
    },
  },
];
