// The promise: a stream that fails in any way before its first content goes on elsewhere, unseen: the caller gets one whole
// answer from one endpoint, and nothing of the one that died.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chatStream, failure, read, readAll, STREAMS } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const WHOLE = 'b-0 b-1 b-2 ';
const healthy = { stream: 3 } as const;

interface Row {
  readonly what: string;
  readonly step: Step;
  readonly verdict: string;
}

const ROWS: readonly Row[] = [
  { what: 'an error as its first event', step: { stream: 3, errorAfter: 'headers' }, verdict: 'server-error' },
  { what: 'an error after the preamble', step: { stream: 3, errorAfter: 0 }, verdict: 'server-error' },
  {
    what: 'an error as event: error',
    step: { stream: 3, errorAfter: 'headers', errorAs: 'event' },
    verdict: 'server-error',
  },
  {
    what: 'an overload as its first event',
    step: { stream: 3, errorAfter: 0, error: { type: 'overloaded_error', message: 'Overloaded' } },
    verdict: 'overloaded',
  },
  { what: 'a reset after the headers', step: { stream: 3, cutAfter: 'headers' }, verdict: 'connection-lost' },
  { what: 'a reset after the preamble', step: { stream: 3, cutAfter: 0 }, verdict: 'connection-lost' },
  { what: 'a close inside the body', step: { stream: 3, cutAfter: 0, cut: 'close' }, verdict: 'connection-lost' },
  { what: 'a clean end after the headers', step: { stream: 3, cutAfter: 'headers', cut: 'end' }, verdict: 'bad-reply' },
  { what: 'a clean end after the preamble', step: { stream: 3, cutAfter: 0, cut: 'end' }, verdict: 'bad-reply' },
  { what: 'half an event', step: { stream: 3, cutAfter: 'headers', cut: 'half-frame' }, verdict: 'bad-reply' },
  { what: 'garbage', step: { stream: 3, garbageAfter: 'headers' }, verdict: 'bad-reply' },
  { what: 'garbage after the preamble', step: { stream: 3, garbageAfter: 0 }, verdict: 'bad-reply' },
  { what: 'an empty body', step: 'empty', verdict: 'bad-reply' },
  { what: '204', step: 'no-content', verdict: 'bad-reply' },
  { what: 'a web page', step: 'html', verdict: 'bad-reply' },
  { what: 'an error object with 200', step: 'error-200', verdict: 'server-error' },
  { what: '[DONE] and nothing else', step: { stream: ['data: [DONE]\n\n'], endMarker: false }, verdict: 'bad-reply' },
  { what: 'a 500', step: 500, verdict: 'server-error' },
  { what: 'a reset before the headers', step: 'reset', verdict: 'connection-lost' },
];

describe.each(STREAMS)('$kind: a stream that fails before its first content goes on elsewhere', (kind) => {
  it.each(ROWS)('$what', async ({ step, verdict }) => {
    await using stage = await openStage({ a: [step], b: healthy });
    const stream = await kind.open(stage.client);
    const { events, text, error } = await readAll(stream, kind);
    expect(error).toBeUndefined();
    expect(text).toBe(WHOLE);
    // Not one event of the stream that died: no second preamble, no id of a.
    expect(JSON.stringify(events)).not.toMatch(/"a"|_a_|-a-|a-0/);
    expect(attemptsOf(stream)).toMatchObject([
      { endpoint: 'a', verdict },
      { endpoint: 'b', verdict: 'ok', status: 200 },
    ]);
    expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, inFlight: 0 });
    expect(stage.state('b')).toMatchObject({ failures: 0, successes: 1, inFlight: 0 });
    expect(stage.events.of('failover-start')).toMatchObject([{ endpoint: 'b', from: 'a', verdict }]);
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
  });

  it.each<[what: string, step: Step, ms: number]>([
    ['no headers for a minute', 'black-hole', 60_000],
    ['headers, and no content for five minutes', { stream: 3, stallAfter: 'headers' }, 300_000],
    ['a preamble, and no content for five minutes', { stream: 3, stallAfter: 0 }, 300_000],
    ['comments only, for five minutes', { stream: 3, commentsAfter: 'headers', every: 20 }, 300_000],
  ])('silence: %s', async (_, step, ms) => {
    const clock = manualClock();
    await using stage = await openStage({ a: [step], b: healthy }, { clock });
    const opening = Promise.resolve(kind.open(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    // The bound on content counts from the headers, so they must have arrived before the clock is turned.
    await vi.waitFor(() => expect(clock.next).toBe(ms));
    await clock.advance(ms - 1);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    expect(await readAll(await opening, kind)).toMatchObject({ text: WHOLE, error: undefined });
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
    // Nothing was learned yet of how long it usually takes, so nobody is blamed.
    expect(stage.state('a')).toMatchObject({ failures: 0, inFlight: 0 });
  });

  it.each<Step>(['black-hole', { stream: 3, stallAfter: 'headers' }, { stream: 3, stallAfter: 0 }])(
    'silence with an attemptTimeout of one’s own: %j',
    async (step) => {
      await using stage = await openStage({ a: [step], b: healthy }, { attemptTimeout: 200 });
      expect(await readAll(await kind.open(stage.client), kind)).toMatchObject({ text: WHOLE, error: undefined });
      await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
      expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
    },
  );

  it('over several endpoints, until one is well', async () => {
    const bad: Step = { stream: 3, cutAfter: 0 };
    await using stage = await openStage({ x: bad, y: 'html', b: healthy });
    const stream = await kind.open(stage.client);
    expect((await readAll(stream, kind)).text).toBe(WHOLE);
    expect(attemptsOf(stream).map(({ endpoint }) => endpoint)).toEqual(['x', 'y', 'b']);
  });

  it('when none is well: an error of the SDK, nothing handed out, nothing left running', async () => {
    await using stage = await openStage(
      { a: { stream: 3, cutAfter: 0 }, b: { stream: 3, errorAfter: 0 } },
      { maxRetries: 0 },
    );
    const error = await failure(
      kind.open(stage.client).then(async (stream) => {
        const { error: broken, text } = await readAll(stream, kind);
        expect(text).toBe('');
        throw broken;
      }),
    );
    expect(error).toBeInstanceOf(OpenAI.OpenAIError);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    for (const name of ['a', 'b'] as const) {
      await stage.servers[name].until(({ inFlight }) => inFlight === 0);
      expect(stage.state(name)).toMatchObject({ inFlight: 0, failures: 1, successes: 0 });
    }
  });

  it('awaited late, it is looked after all the same', { timeout: 5_000 }, async () => {
    await using stage = await openStage({ a: [{ stream: 3, cutAfter: 0 }], b: healthy }, { timeout: 3_000 });
    const promise = kind.open(stage.client);
    await stage.servers.a.until(({ requests }) => requests[0]?.endedAt !== undefined);
    expect(await readAll(await promise, kind)).toMatchObject({ text: WHOLE, error: undefined });
    expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
  });

  it('pinned, nothing is held back and nothing moves', async () => {
    await using stage = await openStage({ a: [{ stream: 3, errorAfter: 0 }], b: healthy });
    const stream = await kind.open(stage.client.balancer.pin('a'));
    const { error, text, events } = await readAll(stream, kind);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect([text, stage.servers.b.calls]).toEqual(['', 0]);
    expect(events.length).toBeGreaterThan(0);
    expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
  });
});

describe('chat: what is content and what is not', () => {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    id: 'chatcmpl-x',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const role = chunk({ role: 'assistant', content: '' });

  it.each<[what: string, delta: object]>([
    ['text', { content: 'x' }],
    ['a tool call', { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] }],
    ['a refusal', { refusal: 'no' }],
    ['reasoning text', { reasoning_content: 'hm' }],
    ['audio', { audio: { id: 'audio_1' } }],
  ])('%s is: what breaks after it surfaces', async (_, delta) => {
    const frames = [role, chunk(delta), 'data: {"error":{"message":"boom","type":"server_error"}}\n\n'];
    await using stage = await openStage({ a: [{ stream: frames, endMarker: false }], b: healthy });
    const { chunks, error } = await read(await chatStream(stage.client));
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([{ role: 'assistant', content: '' }, delta]);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(stage.servers.b.calls).toBe(0);
  });

  it('role chunks, empty deltas and chunks without choices are not', async () => {
    const frames = [role, chunk({}), { ...role, choices: [] }, chunk({ content: null, tool_calls: [] })];
    await using stage = await openStage({ a: [{ stream: frames, endMarker: false }], b: healthy });
    expect(await read(await chatStream(stage.client))).toMatchObject({ text: WHOLE, error: undefined });
  });

  it('an end without content is an answer, if it says why', async () => {
    const frames = [role, chunk({}, 'content_filter')];
    await using stage = await openStage({ a: [{ stream: frames }], b: healthy });
    const { chunks, error } = await read(await chatStream(stage.client));
    expect(error).toBeUndefined();
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('content_filter');
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject({ successes: 1, failures: 0 });
  });

  it("finish_reason 'error' before any content moves", async () => {
    const frames = [role, chunk({}, 'error')];
    await using stage = await openStage({ a: [{ stream: frames }], b: healthy });
    expect(await read(await chatStream(stage.client))).toMatchObject({ text: WHOLE, error: undefined });
    expect(stage.state('a')).toMatchObject({ failures: 1 });
  });

  it('a rate limit inside a 200 is a rate limit', async () => {
    const clock = manualClock();
    const error = { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' };
    await using stage = await openStage({ a: [{ stream: 3, errorAfter: 0, error }], b: healthy }, { clock });
    expect((await read(await chatStream(stage.client))).text).toBe(WHOLE);
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [{ model: 'gpt-5', reason: '429' }] });
  });

  it('a bad call inside a 200 is the caller’s', async () => {
    const error = { message: 'too long', type: 'invalid_request_error', code: 'context_length_exceeded' };
    await using stage = await openStage({ a: [{ stream: 3, errorAfter: 0, error }], b: healthy });
    const thrown = await failure(
      chatStream(stage.client).then(async (stream) => Promise.reject((await read(stream)).error)),
    );
    expect(thrown).toMatchObject({ code: 'context_length_exceeded' });
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
  });

  it('the helper stream() moves on as well', async () => {
    await using stage = await openStage({ a: [{ stream: 3, cutAfter: 0 }], b: healthy });
    const deltas: string[] = [];
    const runner = stage.client.chat.completions
      .stream({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] })
      .on('content', (delta) => deltas.push(delta));
    expect((await runner.finalChatCompletion()).choices[0]?.message.content).toBe(WHOLE);
    expect(deltas.join('')).toBe(WHOLE);
  });

  it('so does a legacy completion', async () => {
    await using stage = await openStage({ a: [{ stream: 3, cutAfter: 0 }], b: healthy });
    const stream = await stage.client.completions.create({ model: 'gpt-5', prompt: 'hi', stream: true });
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.text ?? '';
    expect(text).toBe(WHOLE);
  });
});

describe('a plain call whose 200 is no answer goes on elsewhere', () => {
  it.each<[what: string, step: Step, verdict: string]>([
    ['a web page', 'html', 'bad-reply'],
    ['an empty body', 'empty', 'bad-reply'],
    ['204', 'no-content', 'bad-reply'],
    ['cut JSON', 'truncated-json', 'bad-reply'],
    ['a reset in the body', 'cut-body', 'connection-lost'],
    ['a close in the body', { step: 'cut-body', cut: 'close' }, 'connection-lost'],
    ['an error object', 'error-200', 'server-error'],
    ['an empty answer that says no reason', { step: 'ok', text: '', finishReason: null }, 'bad-reply'],
    ["finish_reason 'error'", { step: 'ok', finishReason: 'error' }, 'server-error'],
    ['bytes that are not HTTP', 'garbage', 'connection-lost'],
    ['headers cut short', 'half-headers', 'connection-lost'],
    ['two lengths that contradict each other', 'conflicting-length', 'connection-lost'],
    ['no end of headers', 'header-flood', 'connection-lost'],
  ])('%s', async (_, step, verdict) => {
    await using stage = await openStage({ a: [step], b: [] });
    const answer = await stage.client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(answer.choices[0]?.message.content).toBe('Hello from b.');
    expect(attemptsOf(answer)).toMatchObject([
      { endpoint: 'a', verdict },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
  });

  it('valid JSON under another content type is an answer', async () => {
    await using stage = await openStage({ a: ['wrong-content-type'], b: [] });
    const answer = await stage.client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(answer.choices[0]?.message.content).toBe('Hello from a.');
    expect(answer._request_id).toMatch(/^req_a/);
  });

  it('withResponse() gives the response that was parsed, not the one that died', async () => {
    await using stage = await openStage({ a: ['truncated-json'], b: [] });
    const { data, response, request_id } = await stage.client.chat.completions
      .create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello from b.');
    expect(response.headers.get('x-served-by')).toBe('b');
    expect(request_id).toMatch(/^req_b/);
    expect(attemptsOf(response)).toHaveLength(2);
  });
});
