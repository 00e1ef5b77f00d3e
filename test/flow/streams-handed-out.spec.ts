// The promise: once content was handed out a stream either ends the way the answer ended or throws; it never ends quietly
// and never goes on with another endpoint's words. However its reader leaves it, connection and place are free at once.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, readAll, STREAMS, servedBy } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage } from '../support/stage.ts';

const DROPPED = new URL('./children/dropped-streams.ts', import.meta.url);
const COLLECTING = new URL('./children/read-while-collecting.ts', import.meta.url);
/** A stream that goes on for as long as somebody listens. */
const endless: Step = { stream: 4_000, gap: 5 };

describe.each(STREAMS)('$kind: what breaks after the first content surfaces', (kind) => {
  it.each<[what: string, step: Step]>([
    ['a reset', { stream: 10, cutAfter: 3 }],
    ['a close inside the body', { stream: 10, cutAfter: 3, cut: 'close' }],
    ['a clean end, too early', { stream: 10, cutAfter: 3, cut: 'end' }],
    ['half an event', { stream: 10, cutAfter: 3, cut: 'half-frame' }],
    ['garbage', { stream: 10, garbageAfter: 3 }],
    ['an error', { stream: 10, errorAfter: 3 }],
    ['an error as event: error', { stream: 10, errorAfter: 3, errorAs: 'event' }],
    ['an end without saying so', { stream: 3, endMarker: false }],
  ])('%s', async (_, step) => {
    await using stage = await openStage({ a: [step], b: [] });
    const stream = await kind.open(stage.client);
    const { text, error } = await readAll(stream, kind);
    expect(text).toBe('a-0 a-1 a-2 ');
    expect(error).toBeInstanceOf(OpenAI.OpenAIError);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
    expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, inFlight: 0 });
    // The story is told by the stream and by the error.
    for (const thing of [stream, error]) {
      expect(attemptsOf(thing)).toMatchObject([{ endpoint: 'a', status: 200, billed: 'maybe' }]);
      expect(attemptsOf(thing)[0]?.verdict).not.toMatch(/ok|pending/);
    }
    expect(stage.events.of('call-end')).toMatchObject([{ ok: false, attempts: [{ endpoint: 'a' }] }]);
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
  });

  it('silence: given up after streamIdleTimeout', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [{ stream: 10, stallAfter: 3 }], b: [] },
      { clock, streamIdleTimeout: 60_000 },
    );
    const stream = await kind.open(stage.client);
    const reading = readAll(stream, kind);
    await vi.waitFor(() => expect(clock.next).toBe(60_000));
    await clock.advance(59_999);
    expect(stage.state('a').inFlight).toBe(1);
    await clock.advance(1);
    const { text, error } = await reading;
    expect(text).toBe('a-0 a-1 a-2 ');
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
  });

  it('five of them in a row take the endpoint out', async () => {
    await using stage = await openStage({ a: { stream: 10, cutAfter: 3 }, b: [] });
    for (let call = 0; call < 5; call++)
      expect((await readAll(await kind.open(stage.client), kind)).error).toBeDefined();
    expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 5 });
    expect((await readAll(await kind.open(stage.client), kind)).error).toBeUndefined();
  });

  it('in a pool of one as well, and before the first content too', async () => {
    await using stage = await openStage({
      a: [
        { stream: 10, cutAfter: 3, cut: 'end' },
        { stream: 10, cutAfter: 0, cut: 'end' },
      ],
    });
    for (const text of ['a-0 a-1 a-2 ', '']) {
      const seen = await Promise.resolve(kind.open(stage.client, { maxRetries: 0 })).then(
        (stream) => readAll(stream, kind),
        (error: unknown) => ({ text: '', error }),
      );
      expect(seen).toMatchObject({ text, error: expect.any(OpenAI.OpenAIError) });
    }
    expect(stage.state('a')).toMatchObject({ failures: 2, inFlight: 0 });
  });

  it('a whole stream ends as it does with the SDK, and counts as a success at its end', async () => {
    await using stage = await openStage({ a: [{ stream: 10, gap: 1 }], b: [] });
    const stream = await kind.open(stage.client);
    expect(stage.state('a')).toMatchObject({ inFlight: 1, successes: 0 });
    const { text, error } = await readAll(stream, kind);
    expect(error).toBeUndefined();
    expect(text).toBe('a-0 a-1 a-2 a-3 a-4 a-5 a-6 a-7 a-8 a-9 ');
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1, failures: 0 });
    expect(attemptsOf(stream)).toMatchObject([{ endpoint: 'a', verdict: 'ok', billed: 'yes' }]);
    expect(stage.events.of('call-end')).toMatchObject([{ ok: true }]);
  });

  it('bytes in the smallest pieces make the same stream', async () => {
    await using stage = await openStage({ a: [{ stream: 3, chunkBytes: 1 }] });
    expect(await readAll(await kind.open(stage.client), kind)).toMatchObject({
      text: 'a-0 a-1 a-2 ',
      error: undefined,
    });
  });

  it('everything sent and the connection left open: it ends all the same, and the connection is given up', {
    timeout: 5_000,
  }, async () => {
    await using stage = await openStage({ a: [{ stream: 3, keepOpen: true }], b: [] });
    const reading = readAll(await kind.open(stage.client), kind);
    // Chat says [DONE], and is over at once; after response.completed the server has a second to end it.
    expect(await reading).toMatchObject({ text: 'a-0 a-1 a-2 ', error: undefined });
    await stage.servers.a.until(({ inFlight }) => inFlight === 0, 1_000);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1 });
  });
});

describe('comments', () => {
  it('alone they keep a stream alive for a quarter of an hour, and no longer', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [{ stream: 10, commentsAfter: 3, every: 5 }], b: [] },
      { clock, streamIdleTimeout: 300_000 },
    );
    const stream = await chatStream(stage.client);
    let over = false;
    const reading = read(stream).finally(() => {
      over = true;
    });
    await vi.waitFor(() => expect(clock.next).toBe(300_000));
    // Steps of 100 s, with many comments arriving in between.
    while (!over && clock.now() < 2_000_000) {
      await clock.advance(100_000);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const { error, text } = await reading;
    expect(text).toBe('a-0 a-1 a-2 ');
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(clock.now()).toBeGreaterThanOrEqual(900_000);
    expect(clock.now()).toBeLessThanOrEqual(1_400_000);
  });
});

describe('a stream that was read', () => {
  it('is iterated over to its end by who took the first event alone, as the SDK lets him', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }] });
    const events = (await chatStream(stage.client))[Symbol.asyncIterator]();
    await events.next();
    let text = '';
    for await (const { choices } of events as AsyncIterableIterator<OpenAI.ChatCompletionChunk>)
      text += choices[0]?.delta.content ?? '';
    expect(text).toBe('a-0 a-1 a-2 ');
    expect(stage.state('a')).toMatchObject({ successes: 1, inFlight: 0 });
  });

  it.each(['standard', 'fast'] as const)(
    'leaves its connection to the next call, also where its end comes a moment after [DONE] (transport %s)',
    async (transport) => {
      let connections = 0;
      let answering: ServerResponse | undefined;
      const server = createServer((request, response) => {
        answering = response;
        request.resume();
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const choice = { index: 0, delta: { content: 'a' }, finish_reason: 'stop' };
        response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`);
      });
      server.on('connection', () => (connections += 1)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const client = new LoadBalancedOpenAI([{ apiKey: 'k', baseURL }], { transport, logLevel: 'off' });
      try {
        for (let call = 0; call < 5; call++) {
          expect(await read(await chatStream(client))).toMatchObject({ text: 'a' });
          // The reader has long gone on.
          await new Promise((resolve) => setTimeout(resolve, 10));
          answering?.end();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(connections).toBe(1);
      } finally {
        await client.close();
        server.close().closeAllConnections();
      }
    },
  );
});

describe('however a reader leaves, connection and place are free at once', () => {
  const LEAVE: Record<string, (stream: Awaited<ReturnType<typeof chatStream>>, abort: AbortController) => unknown> = {
    'break in for await': async (stream) => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'a-1 ') break;
    },
    'return() of its iterator': async (stream) => {
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
    },
    'a throw in the loop': (stream) =>
      failure(
        (async () => {
          for await (const _ of stream) throw new Error('mine');
        })(),
      ),
    'stream.controller.abort() while reading': async (stream) => {
      for await (const _ of stream) stream.controller.abort();
    },
    'stream.controller.abort() unread': (stream) => stream.controller.abort(),
    'the caller’s signal while reading': async (stream, abort) => {
      for await (const _ of stream) abort.abort();
    },
    'the caller’s signal, unread': (_stream, abort) => abort.abort(),
    'cancel() of toReadableStream()': async (stream) => {
      const reader = stream.toReadableStream().getReader();
      await reader.read();
      await reader.cancel();
    },
    'both halves of tee() left': async (stream) => {
      const [left, right] = stream.tee();
      for await (const _ of left) break;
      for await (const _ of right) break;
      // The halves do not tell the whole; its controller does.
      stream.controller.abort();
    },
  };

  it.each(Object.entries(LEAVE))('%s', async (_, leave) => {
    await using stage = await openStage({ a: endless, b: [] });
    const abort = new AbortController();
    const stream = await chatStream(stage.client, {}, { signal: abort.signal });
    expect(stage.state('a').inFlight).toBe(1);
    await leave(stream, abort);
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
    await vi.waitFor(() => expect(stage.state('a').inFlight).toBe(0));
    // It was the reader's will: nobody is to blame, nothing goes elsewhere.
    expect(stage.state('a')).toMatchObject({ failures: 0, breaker: 'closed' });
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.events.of('call-end')).toHaveLength(1);
    // The signal is let go of as well.
    abort.abort();
  });

  it('the helper stream(): abort()', async () => {
    await using stage = await openStage({ a: endless, b: [] });
    const runner = stage.client.chat.completions.stream({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    const aborted = failure(runner.done());
    await new Promise((resolve) => runner.once('content', resolve));
    runner.abort();
    expect(await aborted).toBeInstanceOf(OpenAI.APIUserAbortError);
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
    await vi.waitFor(() => expect(stage.state('a').inFlight).toBe(0));
  });

  it('tee(): both halves get the whole', async () => {
    await using stage = await openStage({ a: [{ stream: 5 }] });
    const [left, right] = (await chatStream(stage.client)).tee();
    const texts = (await Promise.all([read(left), read(right)])).map(({ text }) => text);
    expect(texts).toEqual(Array(2).fill('a-0 a-1 a-2 a-3 a-4 '));
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1 });
  });

  it('toReadableStream(): the whole, as lines of JSON; what breaks it breaks the reader', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }, { stream: 5, cutAfter: 2 }], b: [] });
    const whole = await new Response((await chatStream(stage.client)).toReadableStream()).text();
    const lines = whole
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { choices: { delta: { content?: string } }[] });
    expect(lines.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('a-0 a-1 a-2 ');
    expect(stage.state('a')).toMatchObject({ inFlight: 0, successes: 1 });
    const broken = new Response((await chatStream(stage.client)).toReadableStream()).text();
    expect(await failure(broken)).toBeInstanceOf(OpenAI.OpenAIError);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 1 });
  });

  it('read twice: the SDK’s own error', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }] });
    const stream = await chatStream(stage.client);
    await read(stream);
    expect((await read(stream)).error).toMatchObject({
      message: expect.stringContaining('Cannot iterate over a consumed stream'),
    });
  });

  it('two hundred streams, left in every way: nothing stays in flight', async () => {
    await using stage = await openStage(
      {
        a: { repeat: [{ stream: 5 }, { stream: 5, cutAfter: 2 }, 500] },
        b: { stream: 5 },
        c: { repeat: ['html', { stream: 5 }] },
      },
      { strategy: 'round-robin' },
    );
    const rounds = Array.from({ length: 40 }, async (_, lane) => {
      for (let call = 0; call < 5; call++) {
        const abort = new AbortController();
        try {
          const stream = await chatStream(stage.client, {}, { signal: abort.signal });
          if ((lane + call) % 4 === 0) await read(stream);
          else if ((lane + call) % 4 === 1) for await (const _ of stream) break;
          else if ((lane + call) % 4 === 2) abort.abort();
          else stream.controller.abort();
        } catch (error) {
          expect(error).toBeInstanceOf(OpenAI.OpenAIError);
        }
      }
    });
    await Promise.all(rounds);
    for (const name of ['a', 'b', 'c'] as const) {
      await stage.servers[name].until(({ inFlight }) => inFlight === 0);
      await vi.waitFor(() => expect(stage.state(name).inFlight).toBe(0));
    }
    expect(stage.client.balancer.snapshot().waiting).toBe(0);
  });

  it('dropped without a word: collected, and free', async () => {
    await using stage = await openStage({ a: endless });
    const { opened, left } = await runChild<{ opened: number; left: number }>(DROPPED, {
      options: stage.options,
      streams: 20,
    });
    expect({ opened, left }).toEqual({ opened: 20, left: 0 });
  });

  it('read through its iterator alone, it is not taken for dropped when garbage is collected', async () => {
    await using stage = await openStage({ a: { stream: 10, gap: 10, times: 3 } });
    const { events } = await runChild<{ events: number[] }>(COLLECTING, { options: stage.options, streams: 3 });
    expect(events).toEqual([12, 12, 12]);
    expect(stage.servers.a.requests.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  });
});

describe('a stream whose reader wants the raw response', () => {
  it('asResponse(): the bytes as they came, and the place is free', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }], b: [] });
    const response = await chatStream(stage.client).asResponse();
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toMatch(/a-0[\s\S]*a-1[\s\S]*a-2[\s\S]*\[DONE\]/);
    expect(attemptsOf(response)).toMatchObject([{ endpoint: 'a', verdict: 'ok' }]);
    expect(stage.state('a').inFlight).toBe(0);
  });

  it('asResponse(): the caller’s signal still ends it', async () => {
    await using stage = await openStage({ a: endless });
    const abort = new AbortController();
    const response = await chatStream(stage.client, {}, { signal: abort.signal }).asResponse();
    const body = failure(response.text());
    abort.abort();
    expect(await body).toMatchObject({ name: 'AbortError' });
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
  });

  it('withResponse(): stream and response of the endpoint that answered', async () => {
    await using stage = await openStage({ a: [{ stream: 3, cutAfter: 0 }], b: [{ stream: 3 }] });
    const { data, response } = await chatStream(stage.client).withResponse();
    expect((await read(data)).text).toBe('b-0 b-1 b-2 ');
    expect(response.headers.get('x-served-by')).toBe('b');
  });

  it('failed heads move on for asResponse() too', async () => {
    await using stage = await openStage({ a: [500], b: [] });
    const response = await chat(stage.client).asResponse();
    expect(response.headers.get('x-served-by')).toBe('b');
  });

  // Tracers await the promise whose raw response their user takes.
  it('the parsed answer and the raw response of one promise: both can be read, and nobody is blamed or asked twice', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const promise = chat(stage.client);
    const raw = promise.asResponse().then((response) => response.json());
    const parsed = await promise;
    expect(await raw).toMatchObject({ id: parsed.id, choices: parsed.choices });
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
    expect(stage.state('a')).toMatchObject({ failures: 0, inFlight: 0 });
  });

  it.each(['parsed, then raw', 'raw, then parsed'])(
    'a stream awaited and its raw response read, %s: the bytes go to who reads, nobody is blamed or asked twice',
    async (order) => {
      await using stage = await openStage({ a: [{ stream: 3 }], b: [] });
      const promise = chatStream(stage.client);
      const tracer = order === 'parsed, then raw' ? promise.then((stream) => stream) : undefined;
      const text = promise.asResponse().then((response) => response.text());
      const parsed = tracer ?? promise.then((stream) => stream);
      expect(await text).toMatch(/a-0[\s\S]*a-1[\s\S]*a-2[\s\S]*\[DONE\]/);
      expect((await read(await parsed)).error).toBeInstanceOf(Error);
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
      expect(stage.state('a')).toMatchObject({ failures: 0, inFlight: 0 });
    },
  );

  it('a stream awaited whose raw response is asked for and not read: it can still move', async () => {
    await using stage = await openStage({ a: [{ stream: 3, cutAfter: 0 }], b: [{ stream: 3 }] });
    const promise = chatStream(stage.client);
    void promise.asResponse();
    expect((await read(await promise)).text).toBe('b-0 b-1 b-2 ');
  });

  it('the same while the body breaks: the parsed answer comes from elsewhere', async () => {
    await using stage = await openStage({ a: [{ step: 'cut-body', after: 20 }], b: [] });
    const promise = chat(stage.client);
    const raw = failure(promise.asResponse().then((response) => response.json()));
    expect(servedBy(await promise)).toBe('b');
    expect(await raw).toBeInstanceOf(Error);
  });
});
